import { useId, useState } from 'react';
import { Inline } from '../text/Markdown';
import { isSet, problemOf } from './check';
import { useForm } from './context';
import { ChoiceControl } from './controls/ChoiceControl';
import { GroupControl } from './controls/GroupControl';
import { JsonControl } from './controls/JsonControl';
import { ListControl } from './controls/ListControl';
import { LookUpControl } from './controls/LookUpControl';
import { NumberControl } from './controls/NumberControl';
import { SecretControl } from './controls/SecretControl';
import { TextControl } from './controls/TextControl';
import { ToggleControl } from './controls/ToggleControl';
import { VariantsControl } from './controls/VariantsControl';
import type { Field } from './fields';

export interface ControlProps<F = Field> {
  field: F;
  /** The dotted path by which errors name the field. */
  path: string;
  value: unknown;
  onChange: (value: unknown) => void;
}

/** What ties a control to its label, help and error. */
export interface Ties {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean | undefined;
  'aria-required': boolean | undefined;
}

/** A field with its label, its help and what is wrong with it. */
export function FieldRow(props: ControlProps) {
  const { field, path, value } = props;
  const id = useId();
  const { errors, strict, savedSecrets } = useForm();
  const [left, setLeft] = useState(false);
  const nested = field.kind === 'variants' || field.kind === 'group' || field.kind === 'list';
  const own = nested || savedSecrets?.has(path) ? undefined : problemOf(field, value);
  const problem = errors[path] ?? (own !== undefined && (left || strict || isSet(value)) ? own : undefined);
  const described = [problem !== undefined && `${id}-problem`, field.description !== undefined && `${id}-help`].filter(Boolean).join(' ');
  const ties: Ties = {
    id,
    'aria-describedby': described || undefined,
    'aria-invalid': problem !== undefined || undefined,
    'aria-required': field.required || undefined,
  };
  return (
    <div className="field" data-kind={field.kind} data-path={path} onBlur={() => setLeft(true)}>
      {field.kind !== 'toggle' && (
        <div className="field-head">
          {nested ? <span className="field-label" id={`${id}-label`}>{field.title}</span> : <label className="field-label" htmlFor={id}>{field.title}</label>}
          {field.required && !isSet(value) && !savedSecrets?.has(path) && <span className="field-required">required</span>}
        </div>
      )}
      <Control {...props} ties={ties} />
      {problem !== undefined && <p className="field-problem" id={`${id}-problem`}>{problem}</p>}
      {field.description !== undefined && (
        <p className="field-help" id={`${id}-help`}>
          <Inline text={field.description} />
        </p>
      )}
      {field.deprecated !== undefined && <p className="field-problem">No longer used: {field.deprecated}</p>}
    </div>
  );
}

function Control({ field, ties, ...rest }: ControlProps & { ties: Ties }) {
  switch (field.kind) {
    case 'text':
      return field.options ? <LookUpControl field={field} ties={ties} {...rest} /> : <TextControl field={field} ties={ties} {...rest} />;
    case 'secret':
      return <SecretControl field={field} ties={ties} {...rest} />;
    case 'number':
      return <NumberControl field={field} ties={ties} {...rest} />;
    case 'toggle':
      return <ToggleControl field={field} ties={ties} {...rest} />;
    case 'choice':
      return <ChoiceControl field={field} ties={ties} {...rest} />;
    case 'variants':
      return <VariantsControl field={field} {...rest} labelledBy={`${ties.id}-label`} />;
    case 'list':
      return <ListControl field={field} {...rest} />;
    case 'group':
      return <GroupControl field={field} {...rest} />;
    case 'json':
      return <JsonControl field={field} ties={ties} {...rest} />;
  }
}
