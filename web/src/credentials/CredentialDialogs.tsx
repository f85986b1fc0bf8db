import { useEffect, useState } from 'react';
import type { ApiError } from '../api/client';
import { credentials, type ShownCredential } from '../api/credentials';
import { nodeOf } from '../flow/lookups';
import { useCatalog, useFlow } from '../page';
import { Failure } from '../run/Findings';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { CredentialForm } from './CredentialForm';

/** A new credential; for a node, it is in the node's slot once it is saved. */
export function NewCredentialDialog({ types, node, onClose }: { types: readonly string[] | undefined; node: string | undefined; onClose: () => void }) {
  const catalog = useCatalog();
  const of = useFlow(({ doc }) => (node === undefined ? undefined : nodeOf(doc.nodes, node)));
  const fitting = types?.filter((type) => catalog.credential(type) !== undefined) ?? catalog.credentialTypes;
  if (fitting.length === 0) {
    return (
      <Dialog title="New credential" onClose={onClose}>
        <p>Nothing that is installed here takes a credential.</p>
      </Dialog>
    );
  }
  return <CredentialForm types={fitting} node={of} onClose={onClose} />;
}

/** Changes a saved credential. Its secrets stay where nothing new is written. */
export function EditCredentialDialog({ id, node, onClose }: { id: string; node: string | undefined; onClose: () => void }) {
  const catalog = useCatalog();
  const of = useFlow(({ doc }) => (node === undefined ? doc.nodes.find((one) => one.credential === id) : nodeOf(doc.nodes, node)));
  const [found, setFound] = useState<ShownCredential>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    let gone = false;
    void credentials.get(id).then((answer) => {
      if (gone) return;
      if (answer.ok) setFound(answer.value);
      else setError(answer.error);
    });
    return () => {
      gone = true;
    };
  }, [id]);
  const type = found?.credential?.type;
  const failure = error ?? (found?.error && { ...found.error, status: 0 });
  if (found && !failure && type !== undefined && catalog.credential(type)) return <CredentialForm types={[type]} saved={found} node={of} onClose={onClose} />;
  return (
    <Dialog title="Edit credential" onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
      {failure ? <Failure error={failure} /> : found ? <p>Its type, {type ?? 'which can’t be read'}, is not installed here.</p> : <p aria-busy="true">Reading…</p>}
    </Dialog>
  );
}
