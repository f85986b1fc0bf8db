import { useState } from 'react';
import type { ApiError } from '../api/client';
import { Failure } from '../run/Findings';
import { count } from '../run/words';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { relationsOf, type GraphStore } from './store';
import { useGraphState } from './useGraph';

const NAMED = 5;

/** Says what goes with a fact before it goes. */
export function DeleteFactDialog({ graph, id, onClose }: { graph: GraphStore; id: string; onClose: () => void }) {
  const relations = useGraphState(graph, (state) => state.relations);
  const whole = useGraphState(graph, (state) => state.explored.has(id) && !state.truncated);
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const own = relationsOf(relations, id);
  const remove = async () => {
    setBusy(true);
    setError(undefined);
    const failed = await graph.remove(id);
    setBusy(false);
    if (failed) setError(failed);
    else onClose();
  };
  return (
    <Dialog
      title={`Delete “${id}”?`}
      width={440}
      onClose={onClose}
      footer={
        <>
          <Button data-autofocus onClick={onClose}>
            Keep it
          </Button>
          <Button look="danger" disabled={busy} onClick={() => void remove()}>
            {busy ? 'Deleting…' : 'Delete it'}
          </Button>
        </>
      }
    >
      <div className="memory-dialog">
        <p>
          {own.length === 0 && whole
            ? 'It has no relations. It goes from the store, for everyone who uses it.'
            : `With it ${own.length === 1 && whole ? 'goes' : 'go'} ${whole ? '' : 'at least '}${count(own.length, 'relation')}, for everyone who uses the store. The facts at their other ends stay.`}{' '}
          This can’t be undone.
        </p>
        {own.length > 0 && (
          <ul className="fact-goes">
            {own.slice(0, NAMED).map((relation) => (
              <li key={relation.id}>
                {relation.source} <span className="relation-type">{relation.relationship_type}</span> → {relation.target}
              </li>
            ))}
            {own.length > NAMED && <li>and {own.length - NAMED} more</li>}
          </ul>
        )}
        {error && <Failure error={error} />}
      </div>
    </Dialog>
  );
}
