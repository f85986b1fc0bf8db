import { useId, useState } from 'react';
import type { ApiError } from '../api/client';
import { Failure } from '../run/Findings';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { FactFields, fieldsOf } from './FactFields';
import type { GraphStore } from './store';

/** Adds a fact by hand. */
export function NewFactDialog({ graph, onClose }: { graph: GraphStore; onClose: () => void }) {
  const field = useId();
  const [name, setName] = useState('');
  const [draft, setDraft] = useState({ content: '', metadata: '' });
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const metadata = fieldsOf(draft.metadata);
  const add = async () => {
    if (metadata === 'wrong' || name.trim() === '') return;
    setBusy(true);
    const failed = await graph.put({ id: name.trim(), content: draft.content, metadata });
    setBusy(false);
    if (failed) setError(failed);
    else onClose();
  };
  return (
    <Dialog
      title="Add a fact"
      width={480}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={busy || metadata === 'wrong' || name.trim() === ''} onClick={() => void add()}>
            Add it
          </Button>
        </>
      }
    >
      <div className="fact-form">
        <div className="field">
          <label className="field-label" htmlFor={field}>
            Name
          </label>
          <input id={field} className="control" data-autofocus value={name} spellCheck={false} autoComplete="off" placeholder="lisbon-trip" onChange={(event) => setName(event.target.value)} />
          <p className="field-help">It is found by its name, and can’t be renamed.</p>
        </div>
        <FactFields draft={draft} onChange={setDraft} />
        {error && <Failure error={error} />}
      </div>
    </Dialog>
  );
}
