import { isRecord } from '../check';
import { FieldRow, type ControlProps } from '../FieldRow';
import type { FieldOf } from '../fields';
import { withField } from './VariantsControl';

export function GroupControl({ field, path, value, onChange }: ControlProps<FieldOf<'group'>>) {
  const record = isRecord(value) ? value : {};
  const change = (name: string, inner: unknown) => {
    const next = withField(record, name, inner);
    onChange(Object.keys(next).length === 0 ? undefined : next);
  };
  return (
    <div className="variants-fields" role="group" aria-label={field.title}>
      {field.fields.map((inner) => (
        <FieldRow
          key={inner.name}
          field={inner}
          path={`${path}.${inner.name}`}
          value={record[inner.name]}
          onChange={(next) => change(inner.name, next)}
        />
      ))}
    </div>
  );
}
