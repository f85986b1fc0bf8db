import { useId } from 'react';
import type { Fields } from '../api/graph';
import { parseExact } from '../api/json';

/** What of a fact is written by a person. */
export interface Draft {
  content: string;
  /** JSON, or nothing. */
  metadata: string;
}

/** The two fields of a fact, with what is wrong with them. */
export function FactFields({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  const id = useId();
  const wrong = fieldsOf(draft.metadata) === 'wrong';
  return (
    <>
      <div className="field">
        <label className="field-label" htmlFor={`${id}-content`}>
          What is known
        </label>
        <textarea id={`${id}-content`} className="control" rows={4} value={draft.content} onChange={(event) => onChange({ ...draft, content: event.target.value })} />
      </div>
      <div className="field">
        <div className="field-head">
          <label className="field-label" htmlFor={`${id}-metadata`}>
            Metadata
          </label>
          <span className="field-required">optional</span>
        </div>
        <textarea
          id={`${id}-metadata`}
          className="control"
          data-mono
          rows={3}
          spellCheck={false}
          placeholder={'{"topic": "travel"}'}
          aria-invalid={wrong || undefined}
          aria-describedby={`${id}-problem`}
          value={draft.metadata}
          onChange={(event) => onChange({ ...draft, metadata: event.target.value })}
        />
        <p id={`${id}-problem`} className="field-problem">
          {wrong && 'Write a JSON object, in braces, or leave it empty.'}
        </p>
      </div>
    </>
  );
}

export function fieldsOf(text: string): Fields | undefined | 'wrong' {
  if (text.trim() === '') return undefined;
  try {
    const value = parseExact(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : 'wrong';
  } catch {
    return 'wrong';
  }
}
