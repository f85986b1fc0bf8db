import { useId, useState } from 'react';
import type { ApiError } from '../api/client';
import { Failure } from '../run/Findings';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import type { GraphStore } from './store';
import { useGraphState } from './useGraph';

const MOST_OFFERED = 200;

/** Relates a fact to another that is there. */
export function RelateDialog({ graph, id, onClose }: { graph: GraphStore; id: string; onClose: () => void }) {
  const field = useId();
  const facts = useGraphState(graph, (state) => state.facts);
  const relations = useGraphState(graph, (state) => state.relations);
  const [type, setType] = useState('');
  const [other, setOther] = useState('');
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const types = [...new Set([...relations.values()].map((relation) => relation.relationship_type))].slice(0, MOST_OFFERED);
  const ready = type.trim() !== '' && other.trim() !== '';
  const relate = async () => {
    if (!ready) return;
    setBusy(true);
    const failed = await graph.link({ source: id, relationship_type: type.trim(), target: other.trim() });
    setBusy(false);
    if (failed) setError(failed);
    else onClose();
  };
  return (
    <Dialog
      title={`Relate “${id}”`}
      width={440}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={busy || !ready} onClick={() => void relate()}>
            Relate
          </Button>
        </>
      }
    >
      <div className="fact-form">
        <div className="field">
          <label className="field-label" htmlFor={`${field}-type`}>
            How
          </label>
          <input id={`${field}-type`} className="control" data-autofocus list={`${field}-types`} value={type} spellCheck={false} autoComplete="off" placeholder="lives_in" onChange={(event) => setType(event.target.value)} />
          <datalist id={`${field}-types`}>
            {types.map((known) => (
              <option key={known} value={known} />
            ))}
          </datalist>
        </div>
        <div className="field">
          <label className="field-label" htmlFor={`${field}-other`}>
            To what
          </label>
          <input id={`${field}-other`} className="control" list={`${field}-facts`} value={other} spellCheck={false} autoComplete="off" placeholder="The name of a fact" onChange={(event) => setOther(event.target.value)} />
          <datalist id={`${field}-facts`}>
            {[...facts.keys()]
              .filter((known) => known !== id)
              .slice(0, MOST_OFFERED)
              .map((known) => (
                <option key={known} value={known} />
              ))}
          </datalist>
        </div>
        {ready && (
          <p className="fact-sentence">
            {id} <span className="relation-type">{type.trim()}</span> → {other.trim()}
          </p>
        )}
        {error && <Failure error={error} />}
      </div>
    </Dialog>
  );
}
