import { useState } from 'react';
import { useStore } from 'zustand';
import type { ApiError } from '../api/client';
import { nodes as api } from '../api/nodes';
import type { FlowNode } from '../flow/document';
import { canSetUp } from '../manifest/catalog';
import { useCatalog, usePage } from '../page';
import { sentence } from '../text/sentence';
import { Button } from '../ui/Button';
import { say } from '../ui/toasts';
import { health, refOf } from './health';

/** Where a node lacks something in its service that it can make itself, such as its table: makes it, then tries the node again. */
export function SetUpOffer({ node, error }: { node: FlowNode; error: ApiError }) {
  const page = usePage();
  const catalog = useCatalog();
  const again = useStore(health, (state) => state.again);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<ApiError>();
  if (error.kind !== 'not_found' || !canSetUp(catalog.node(node.type))) return null;
  const table = error.context?.['table'];

  const setUp = async () => {
    setBusy(true);
    setFailed(undefined);
    const answer = await api.setUp(await refOf(page, node));
    setBusy(false);
    if (!answer.ok) {
      setFailed(answer.error);
      return;
    }
    const { made } = answer.value;
    say(made.length === 0 ? 'It was there already. The node is tried again.' : `Created ${made.join(', ')}. The node is tried again.`);
    again(node.id);
  };
  return (
    <div className="set-up">
      {failed && (
        <p className="failure-cause" role="alert">
          {sentence(failed.message)}
        </p>
      )}
      <Button look="primary" disabled={busy} aria-busy={busy} onClick={() => void setUp()}>
        {busy ? 'Creating…' : table === undefined ? 'Create what is missing' : 'Create this table'}
      </Button>
      {busy && <p role="status">This can take half a minute: the table has to become active.</p>}
    </div>
  );
}
