import { useCallback, useEffect, useState } from 'react';
import type { ApiError } from '../api/client';
import { credentials as api, type CredentialUse, type ShownCredential } from '../api/credentials';
import { closeAllDialogs, dialogs, openDialog } from '../layout/dialogs';
import { useCatalog, usePage } from '../page';
import { Failure } from '../run/Findings';
import { Button, IconButton } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { say } from '../ui/toasts';
import { refreshCredentialNames } from './names';
import { useNodeTitles, type Titles } from './useNodeTitles';
import './credentials.css';

/** All credentials: what each is, where it is used; to change and to delete. */
export function CredentialsDialog({ onClose }: { onClose: () => void }) {
  const { autosave } = usePage();
  const [all, setAll] = useState<readonly ShownCredential[]>();
  const [error, setError] = useState<ApiError>();
  const titles = useNodeTitles(all);

  const load = useCallback(async () => {
    // Where it is used is told of what is saved.
    await autosave.flush();
    const answer = await api.list();
    if (answer.ok) {
      setAll([...answer.value.credentials].sort((left, right) => nameOf(left).localeCompare(nameOf(right))));
      setError(undefined);
    } else setError(answer.error);
  }, [autosave]);
  useEffect(() => {
    void load();
    // Anew when a dialog that was opened from here closes.
    return dialogs.subscribe((now, before) => {
      if (now.open.length < before.open.length) void load();
    });
  }, [load]);

  const deleted = async () => {
    await load();
    await refreshCredentialNames();
  };

  return (
    <Dialog
      title="Credentials"
      width={640}
      onClose={onClose}
      footer={<Button look="primary" icon="add" data-autofocus onClick={() => openDialog({ kind: 'newCredential' })}>New credential</Button>}
    >
      {error && (
        <Failure error={error}>
          <Button onClick={() => void load()}>Try again</Button>
        </Failure>
      )}
      {all?.length === 0 && <p className="dialog-empty">No credential is saved yet. A node that needs one asks for it; secrets are sealed on this machine.</p>}
      {all && all.length > 0 && (
        <ul className="rows">
          {all.map((credential) => (
            <CredentialRow key={credential.id} credential={credential} titles={titles} onDeleted={deleted} />
          ))}
        </ul>
      )}
    </Dialog>
  );
}

function CredentialRow({ credential, titles, onDeleted }: { credential: ShownCredential; titles: Titles; onDeleted: () => Promise<void> }) {
  const catalog = useCatalog();
  const [asking, setAsking] = useState(false);
  const name = nameOf(credential);
  const type = credential.credential?.type;
  const remove = async () => {
    const answer = await api.remove(credential.id, credential.used_by.length > 0);
    if (!answer.ok && answer.error.status !== 404) say(answer.error.message, { tone: 'bad' });
    setAsking(false);
    await onDeleted();
  };
  return (
    <li className="row" data-asking={asking}>
      <div className="row-main">
        <Icon name="key" />
        <div className="row-text">
          <p>{name}</p>
          <p>{type === undefined ? 'Unknown type' : (catalog.credential(type)?.title ?? `${type}, not installed here`)}</p>
          {credential.error && (
            <p className="row-problem">
              <Icon name="alert" size={14} /> {credential.error.message}
            </p>
          )}
          <Uses uses={credential.used_by} titles={titles} />
        </div>
        {!credential.error && <IconButton icon="rename" label={`Edit ${name}`} onClick={() => openDialog({ kind: 'editCredential', id: credential.id })} />}
        <IconButton icon="trash" label={`Delete ${name}`} aria-expanded={asking} onClick={() => setAsking(!asking)} />
      </div>
      {asking && (
        <div className="row-ask" role="alert">
          <p>{whatBreaks(credential.used_by)}</p>
          <Button autoFocus onClick={() => setAsking(false)}>Keep it</Button>
          <Button look="danger" onClick={() => void remove()}>{credential.used_by.length > 0 ? 'Delete anyway' : 'Delete'}</Button>
        </div>
      )}
    </li>
  );
}

function Uses({ uses, titles }: { uses: readonly CredentialUse[]; titles: Titles }) {
  const { flow, openFlow } = usePage();
  if (uses.length === 0) return <p>Not used</p>;
  const show = ({ flow: id, node }: CredentialUse) => {
    closeAllDialogs();
    if (id === flow.getState().id) flow.commands.select([node]);
    else openFlow(id);
  };
  return (
    <p className="row-uses">
      Used in{' '}
      {uses.map((use, at) => (
        <button key={at} type="button" className="link" onClick={() => show(use)}>
          {use.flow_name || 'Untitled flow'} · {titles.get(use.flow)?.get(use.node) ?? 'a node'}
        </button>
      ))}
    </p>
  );
}

function whatBreaks(uses: readonly CredentialUse[]): string {
  if (uses.length === 0) return 'Delete it? No node uses it.';
  const names = [...new Set(uses.map((use) => use.flow_name || 'Untitled flow'))].join(', ');
  return `${uses.length === 1 ? 'One node stops' : `${uses.length} nodes stop`} working until another credential is chosen there: in ${names}.`;
}

function nameOf(credential: ShownCredential): string {
  return credential.credential?.name ?? credential.id;
}
