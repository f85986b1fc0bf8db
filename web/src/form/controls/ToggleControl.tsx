import type { ControlProps, Ties } from '../FieldRow';
import type { FieldOf } from '../fields';

export function ToggleControl({ field, ties, value, onChange }: ControlProps<FieldOf<'toggle'>> & { ties: Ties }) {
  const { 'aria-required': _, ...rest } = ties;
  const on = typeof value === 'boolean' ? value : field.default === true;
  return (
    <label className="toggle">
      <span className="field-label">{field.title}</span>
      <input
        {...rest}
        type="checkbox"
        role="switch"
        className="switch"
        checked={on}
        onChange={(event) => onChange(event.target.checked === (field.default === true) ? undefined : event.target.checked)}
      />
    </label>
  );
}
