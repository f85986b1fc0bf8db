import { useId, useMemo } from 'react';
import { Icon } from '../ui/Icon';
import type { Schema } from '../manifest/types';
import { isSet } from './check';
import { FormProvider, useForm, type FormContext } from './context';
import { VariantsControl } from './controls/VariantsControl';
import { FieldRow } from './FieldRow';
import { formOf, type Field } from './fields';
import './form.css';

export interface FormProps extends FormContext {
  schema: Schema;
  onChange: (name: string, value: unknown) => void;
  /** For a schema whose root has variants: another variant replaces the whole value. */
  onReplace?: (values: Record<string, unknown>) => void;
}

/** A form made of a schema. It holds no values of its own. */
export function Form({ schema, onChange, onReplace, errors, values, lookUp, savedSecrets, strict }: FormProps) {
  const model = formOf(schema);
  const context = useMemo<FormContext>(
    () => ({
      errors,
      values,
      ...(lookUp && { lookUp }),
      ...(savedSecrets && { savedSecrets }),
      ...(strict !== undefined && { strict }),
    }),
    [errors, values, lookUp, savedSecrets, strict],
  );
  return (
    <FormProvider value={context}>
      <div className="form">
        {model.kind === 'fields' ? (
          <FieldList fields={model.fields} values={values} onChange={onChange} />
        ) : (
          <VariantsControl
            field={{ ...model, name: '', title: 'Kind', required: true, advanced: false }}
            path=""
            value={values}
            onChange={(next) => onReplace?.(next as Record<string, unknown>)}
          />
        )}
      </div>
    </FormProvider>
  );
}

interface FieldListProps {
  fields: Field[];
  values: Readonly<Record<string, unknown>>;
  onChange: (name: string, value: unknown) => void;
}

/** Fields by section, in the order of the schema; the advanced ones behind a fold. */
function FieldList({ fields, values, onChange }: FieldListProps) {
  const { errors } = useForm();
  const shown = fields.filter((field) => field.deprecated === undefined || isSet(values[field.name]));
  const advanced = shown.filter((field) => field.advanced);
  const setCount = advanced.filter((field) => isSet(values[field.name])).length;
  const wanted = advanced.some((field) => Object.keys(errors).some((path) => path === field.name || path.startsWith(`${field.name}.`)));
  return (
    <>
      <Sections fields={shown.filter((field) => !field.advanced)} values={values} onChange={onChange} />
      {advanced.length > 0 && (
        <details className="form-advanced" open={wanted || undefined}>
          <summary>
            <Icon name="chevronRight" />
            Advanced
            {setCount > 0 && <span className="form-count">{setCount} set</span>}
          </summary>
          <Sections fields={advanced} values={values} onChange={onChange} />
        </details>
      )}
    </>
  );
}

function Sections({ fields, values, onChange }: FieldListProps) {
  const sections = new Map<string | undefined, Field[]>();
  for (const field of fields) {
    const section = sections.get(field.section);
    if (section) section.push(field);
    else sections.set(field.section, [field]);
  }
  return [...sections].map(([title, inSection]) => (
    <Section key={title ?? ''} title={sections.size > 1 ? title : undefined}>
      {inSection.map((field) => (
        <FieldRow
          key={field.name}
          field={field}
          path={field.name}
          value={values[field.name]}
          onChange={(value) => onChange(field.name, value)}
        />
      ))}
    </Section>
  ));
}

function Section({ title, children }: { title: string | undefined; children: React.ReactNode }) {
  const heading = useId();
  if (title === undefined) return <div className="form-section">{children}</div>;
  return (
    <div className="form-section" role="group" aria-labelledby={heading}>
      <h3 className="form-heading" id={heading}>{title}</h3>
      {children}
    </div>
  );
}
