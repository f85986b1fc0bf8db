import { useId, useState } from 'react';
import type { ApiError } from '../api/client';
import { ReadFailure } from '../memory/ReadFailure';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import type { HistoryState, HistoryStore, Removal } from './store';

const WORDS: Record<Removal['is'], { title: string; text: string; field?: string }> = {
  session: { title: 'Delete a session’s messages?', text: 'The messages of this session scope go from the store. The histories of memories stay.', field: 'Session scope' },
  user: { title: 'Delete a user?', text: 'All records and messages of this user go from the store.', field: 'User' },
  all: { title: 'Delete everything?', text: 'All records and all messages of this host’s scope go from the store.' },
};
/** What has to be typed before everything goes. */
const SURE = 'delete';

/** Asks which, and whether. What went is counted afterwards. */
export function RemoveDialog({ history, what, of, onClose }: { history: HistoryStore; what: Removal['is']; of: HistoryState['of']; onClose: () => void }) {
  const field = useId();
  const [id, setId] = useState(what === 'session' && of?.is === 'messages' ? of.id : '');
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const { title, text, field: label } = WORDS[what];
  const ready = what === 'all' ? id.trim() === SURE : id.trim() !== '';
  const remove = async () => {
    if (!ready) return;
    setBusy(true);
    setError(undefined);
    const failed = await history.remove(what === 'all' ? { is: what } : { is: what, id: id.trim() });
    setBusy(false);
    if (failed) setError(failed);
    else onClose();
  };
  return (
    <Dialog
      title={title}
      width={440}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" disabled={busy || !ready} onClick={() => void remove()}>
            {busy ? 'Deleting…' : 'Delete'}
          </Button>
        </>
      }
    >
      <div className="memory-dialog">
        <p>{text} This can’t be undone.</p>
        <div className="field">
          <label className="field-label" htmlFor={field}>
            {label ?? `Type “${SURE}” to go on`}
          </label>
          <input id={field} className="control" data-autofocus value={id} spellCheck={false} autoComplete="off" onChange={(event) => setId(event.target.value)} />
        </div>
        {error && <ReadFailure error={error} onRetry={() => void remove()} />}
      </div>
    </Dialog>
  );
}
