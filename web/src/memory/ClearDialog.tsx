import { useState } from 'react';
import type { ApiError } from '../api/client';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { count } from '../run/words';
import { ReadFailure } from './ReadFailure';
import { charge } from './format';
import { messageCount } from './messages';
import type { MemoryStore, OpenSession } from './store';

interface ClearDialogProps {
  memory: MemoryStore;
  open: OpenSession;
  onExport: () => void;
  onClose: () => void;
}

/** Says what will go, and afterwards what went. */
export function ClearDialog({ memory, open, onExport, onClose }: ClearDialogProps) {
  const [clearing, setClearing] = useState(false);
  const [error, setError] = useState<ApiError>();
  const turns = open.read?.turns ?? [];
  const known = `${count(messageCount(turns), 'message')} in ${count(turns.length, 'turn')}`;
  const clear = async () => {
    setClearing(true);
    setError(undefined);
    const answer = await memory.clear();
    setClearing(false);
    if (!answer.ok) return setError(answer.error);
    const { turns: removed, messages, usage } = answer.value;
    const told = removed === 0 ? 'There was nothing to remove.' : `Removed ${count(messages, 'message')} in ${count(removed, 'turn')}.`;
    memory.say(`${told} It took ${charge(usage)}.`);
    onClose();
  };
  return (
    <Dialog
      title="Clear this session?"
      width={440}
      onClose={onClose}
      footer={
        <>
          <Button icon="download" look="quiet" onClick={onExport}>
            Export first
          </Button>
          <span className="memory-gap" />
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" disabled={clearing} onClick={() => void clear()}>
            {clearing ? 'Clearing…' : 'Clear it'}
          </Button>
        </>
      }
    >
      <div className="memory-dialog">
        <p>
          {open.read?.complete === true
            ? `${known} will be removed from the store, for everyone who uses it.`
            : `Every message of it will be removed from the store, for everyone who uses it: the ${known} that are loaded here, and the older ones.`}{' '}
          This can’t be undone.
        </p>
        <p className="memory-dialog-id">{open.id}</p>
        {error && <ReadFailure error={error} onRetry={() => void clear()} />}
      </div>
    </Dialog>
  );
}
