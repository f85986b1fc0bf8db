import { useState } from 'react';
import type { ApiError } from '../api/client';
import type { Fact } from '../api/graph';
import { Failure } from '../run/Findings';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { FactFields, fieldsOf } from './FactFields';
import { withoutSources, withSources } from './sources';
import type { GraphStore } from './store';

/** Changes what is known of a fact, unless somebody else has changed it meanwhile. */
export function EditFactDialog({ graph, fact, onClose }: { graph: GraphStore; fact: Fact; onClose: () => void }) {
  // What was read when the dialog opened is what the person changes.
  const [before] = useState(fact);
  const [shown] = useState(() => textOf(fact));
  const [draft, setDraft] = useState({ content: fact.content, metadata: shown });
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const metadata = fieldsOf(draft.metadata);
  const save = async () => {
    if (metadata === 'wrong') return;
    setBusy(true);
    const failed = await graph.change(fact.id, {
      if_content: before.content,
      ...(draft.content !== before.content && { content: draft.content }),
      ...(draft.metadata !== shown && { metadata: withSources(metadata, before.metadata) }),
    });
    setBusy(false);
    if (failed) setError(failed);
    else onClose();
  };
  const same = draft.content === before.content && draft.metadata === shown;
  return (
    <Dialog
      title={`Edit “${fact.id}”`}
      width={480}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={busy || metadata === 'wrong' || same} onClick={() => void save()}>
            Save
          </Button>
        </>
      }
    >
      <div className="fact-form">
        <FactFields draft={draft} onChange={setDraft} />
        {error && <Failure error={error} />}
      </div>
    </Dialog>
  );
}

function textOf({ metadata }: Fact): string {
  const fields = withoutSources(metadata);
  return fields === undefined ? '' : JSON.stringify(fields, null, 2);
}
