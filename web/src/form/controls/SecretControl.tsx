import { useState } from 'react';
import { Button, IconButton } from '../../ui/Button';
import { useForm } from '../context';
import type { ControlProps, Ties } from '../FieldRow';
import type { FieldOf } from '../fields';

/** A secret is typed unseen. One that is saved shows only that it is set, until it is replaced. */
export function SecretControl({ field, ties, path, value, onChange }: ControlProps<FieldOf<'secret'>> & { ties: Ties }) {
  const { savedSecrets } = useForm();
  const [seen, setSeen] = useState(false);
  const [replacing, setReplacing] = useState(false);
  const saved = savedSecrets?.has(path) ?? false;

  if (saved && !replacing && value === undefined) {
    return (
      <div className="secret-saved">
        <span>Saved</span>
        <Button look="quiet" onClick={() => setReplacing(true)}>
          Replace
        </Button>
      </div>
    );
  }
  return (
    <div className="secret">
      <input
        {...ties}
        className="control"
        type={seen ? 'text' : 'password'}
        data-mono
        autoFocus={replacing}
        autoComplete="off"
        spellCheck={false}
        placeholder={field.placeholder}
        value={typeof value === 'string' ? value : ''}
        // Pasted keys often bring a line's end along.
        onChange={(event) => onChange(event.target.value.trim() === '' ? undefined : event.target.value.trim())}
      />
      <Button look="quiet" aria-pressed={seen} onClick={() => setSeen(!seen)}>
        {seen ? 'Hide' : 'Show'}
      </Button>
      {saved && (
        <IconButton
          icon="undo"
          label="Keep the saved one"
          onClick={() => {
            onChange(undefined);
            setReplacing(false);
          }}
        />
      )}
    </div>
  );
}
