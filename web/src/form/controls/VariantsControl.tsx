import { Select } from '../../ui/Select';
import { isRecord, tagOf } from '../check';
import { FieldRow, type ControlProps } from '../FieldRow';
import type { FieldOf } from '../fields';

/** Variants told apart by a tag: a choice, and below it the fields of the one that is chosen. */
export function VariantsControl({
  field,
  path,
  value,
  onChange,
  labelledBy,
}: ControlProps<FieldOf<'variants'>> & { labelledBy?: string }) {
  const tag = tagOf(field, value);
  const at = field.variants.findIndex((variant) => variant.tag === tag);
  const chosen = field.variants[at];
  const record = isRecord(value) ? value : {};

  const choose = (index: number) => {
    const next = field.variants[index];
    if (!next) return onChange(undefined);
    // What both variants have, such as a name, is carried over.
    const shared = next.fields.filter((inner) => record[inner.name] !== undefined).map((inner) => [inner.name, record[inner.name]]);
    onChange({ [field.tag]: next.tag, ...Object.fromEntries(shared) });
  };

  return (
    <div className="variants">
      <Select
        aria-label={labelledBy === undefined ? field.title : undefined}
        aria-labelledby={labelledBy}
        value={chosen ? at : -1}
        onChange={(event) => choose(Number(event.target.value))}
      >
        {(!chosen || (!field.required && field.default === undefined)) && <option value={-1}>{field.required ? 'Choose…' : 'None'}</option>}
        {field.variants.map((variant, index) => (
          <option key={index} value={index}>
            {variant.title}
          </option>
        ))}
      </Select>
      {chosen?.description !== undefined && chosen.description !== `${chosen.title}.` && <p className="field-help">{chosen.description}</p>}
      {chosen && chosen.fields.length > 0 && (
        <div className="variants-fields">
          {chosen.fields.map((inner) => (
            <FieldRow
              key={`${String(chosen.tag)} ${inner.name}`}
              field={inner}
              path={path === '' ? inner.name : `${path}.${inner.name}`}
              value={record[inner.name]}
              onChange={(next) => onChange(withField({ ...record, [field.tag]: chosen.tag }, inner.name, next))}
            />
          ))}
        </div>
      )}
    </div>
  );
}

export function withField(record: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  const { [name]: _, ...rest } = record;
  return value === undefined ? rest : { ...record, [name]: value };
}
