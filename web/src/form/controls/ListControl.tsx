import { Button, IconButton } from '../../ui/Button';
import { FieldRow, type ControlProps } from '../FieldRow';
import type { FieldOf } from '../fields';

export function ListControl({ field, path, value, onChange }: ControlProps<FieldOf<'list'>>) {
  const items: unknown[] = Array.isArray(value) ? value : [];
  const change = (next: unknown[]) => onChange(next.length === 0 ? undefined : next);
  const full = field.maxItems !== undefined && items.length >= field.maxItems;
  return (
    <div className="list" role="group" aria-label={field.title}>
      {items.map((item, at) => (
        <div key={at} className="list-item">
          <FieldRow
            field={{ ...field.item, title: `${field.title} ${at + 1}` }}
            path={`${path}.${at}`}
            value={item}
            onChange={(next) => change(items.with(at, next ?? ''))}
          />
          <IconButton icon="trash" label={`Remove number ${at + 1}`} onClick={() => change(items.toSpliced(at, 1))} />
        </div>
      ))}
      <Button icon="add" disabled={full} onClick={() => change([...items, field.item.kind === 'group' ? {} : ''])}>
        Add
      </Button>
    </div>
  );
}
