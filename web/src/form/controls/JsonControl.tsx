import { useState } from 'react';
import type { ControlProps, Ties } from '../FieldRow';

/** A value of a form that has no control of its own, as JSON. */
export function JsonControl({ ties, value, onChange }: ControlProps & { ties: Ties }) {
  const [draft, setDraft] = useState<string>();
  const shown = draft ?? (value === undefined ? '' : JSON.stringify(value, null, 2));
  return (
    <textarea
      {...ties}
      className="control"
      data-mono
      rows={4}
      spellCheck={false}
      aria-invalid={(draft !== undefined && draft.trim() !== '') || ties['aria-invalid']}
      value={shown}
      onChange={(event) => {
        const text = event.target.value;
        try {
          onChange(text.trim() === '' ? undefined : JSON.parse(text));
          setDraft(text.trim() === '' ? undefined : text);
        } catch {
          setDraft(text);
        }
      }}
      onBlur={() => {
        if (draft === undefined) return;
        try {
          JSON.parse(draft);
          setDraft(undefined);
        } catch {
          // What was typed stays, to be mended.
        }
      }}
    />
  );
}
