import { useState } from 'react';
import type { ControlProps, Ties } from '../FieldRow';
import type { FieldOf } from '../fields';
import { hintOf } from './TextControl';

/** What is typed stays as it is typed, also while it is no number yet. */
export function NumberControl({ field, ties, value, onChange }: ControlProps<FieldOf<'number'>> & { ties: Ties }) {
  const [draft, setDraft] = useState<{ text: string; value: unknown }>();
  const text = draft && Object.is(draft.value, value) ? draft.text : value === undefined || value === null ? '' : String(value);
  return (
    <div className="control-with-unit">
      <input
        {...ties}
        className="control"
        type="text"
        inputMode={field.integer ? 'numeric' : 'decimal'}
        autoComplete="off"
        placeholder={hintOf(field)}
        value={text}
        onChange={(event) => {
          const next = parse(event.target.value);
          setDraft({ text: event.target.value, value: next });
          onChange(next);
        }}
      />
      {field.unit !== undefined && <span className="control-unit">{field.unit}</span>}
    </div>
  );
}

/** Text that is no number is passed on as text, so that the check can say what is wrong with it. */
function parse(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const number = Number(trimmed.replace(',', '.'));
  return Number.isFinite(number) ? number : trimmed;
}
