import { useForm } from '../context';
import type { ControlProps, Ties } from '../FieldRow';
import type { FieldOf } from '../fields';

/** What stands in an empty field: what is used when it stays empty, else an example. */
export function hintOf(field: { default?: unknown; placeholder?: string }): string | undefined {
  if (typeof field.default === 'string' && field.default !== '') return field.default;
  if (typeof field.default === 'number') return String(field.default);
  return field.placeholder === undefined ? undefined : `e.g. ${field.placeholder}`;
}

export function TextControl({ field, ties, path, value, onChange }: ControlProps<FieldOf<'text'>> & { ties: Ties }) {
  const { savedSecrets } = useForm();
  const text = typeof value === 'string' ? value : '';
  const common = {
    ...ties,
    className: 'control',
    value: text,
    placeholder: savedSecrets?.has(path) ? 'Saved; write to replace' : hintOf(field),
    autoComplete: 'off',
    spellCheck: field.multiline,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value === '' ? undefined : event.target.value),
  };
  return field.multiline ? <textarea {...common} rows={4} /> : <input {...common} type="text" data-mono={field.widget === 'variable' || undefined} />;
}
