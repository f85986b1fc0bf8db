import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { nodeOf } from '../flow/lookups';
import { slotShown } from '../manifest/catalog';
import { useCatalog, useCommands, useFlow } from '../page';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { NewCredentialDialog } from './CredentialDialogs';
import { credentialNames, refreshCredentialNames } from './names';
import './credentials.css';

/** Fills a node's slot: with a credential that is there, or with a new one. */
export function ConnectDialog({ node: id, onClose }: { node: string; onClose: () => void }) {
  const catalog = useCatalog();
  const commands = useCommands();
  const node = useFlow(({ doc }) => nodeOf(doc.nodes, id));
  const all = useStore(credentialNames, (state) => state.all);
  const [creating, setCreating] = useState(false);
  useEffect(() => void refreshCredentialNames(), []);
  const declaration = node && catalog.node(node.type);
  const slot = declaration?.['x-node'].credentials.find((one) => slotShown(one, node?.inputs ?? {}));
  if (!node || !slot) {
    return (
      <Dialog title="Connect" onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
        <p>This node takes no credential as it is set now.</p>
      </Dialog>
    );
  }
  const fitting = all.filter((credential) => slot.types.includes(credential.type));
  if (creating || fitting.length === 0) return <NewCredentialDialog types={slot.types} node={id} onClose={onClose} />;
  const use = (credential: string | undefined) => {
    commands.setCredential(id, credential);
    onClose();
  };
  return (
    <Dialog
      title={`Connect ${node.name ?? declaration?.title ?? node.type}`}
      width={480}
      onClose={onClose}
      footer={
        <>
          <span className="dialog-aside">{node.credential !== undefined && <Button look="quiet" onClick={() => use(undefined)}>Disconnect</Button>}</span>
          <Button icon="add" onClick={() => setCreating(true)}>New credential</Button>
        </>
      }
    >
      <p className="dialog-lead">Choose the {slot.title} that it works with.</p>
      <ul className="choices">
        {fitting.map((credential, at) => (
          <li key={credential.id}>
            <button type="button" className="choice" aria-pressed={credential.id === node.credential} data-autofocus={at === 0 || undefined} onClick={() => use(credential.id)}>
              <Icon name="key" />
              <span className="choice-text">
                <span>{credential.name}</span>
                <span>{catalog.credential(credential.type)?.title ?? credential.type}</span>
              </span>
              {credential.id === node.credential && <Icon name="check" />}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
