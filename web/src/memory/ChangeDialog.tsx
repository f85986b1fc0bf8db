import { useState } from 'react';
import type { ApiError } from '../api/client';
import type { Message, MessageRef } from '../api/memory';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { ReadFailure } from './ReadFailure';
import { roleOf, textOf } from './messages';
import type { MemoryStore } from './store';

/** A change of one message, where the store can do it. */
export interface Change {
  is: 'edit' | 'delete';
  ref: MessageRef;
  message: Message;
}

export function ChangeDialog({ memory, change, onClose }: { memory: MemoryStore; change: Change; onClose: () => void }) {
  const { is, ref, message } = change;
  const asText = typeof message.content === 'string';
  const [draft, setDraft] = useState(() => (asText ? String(message.content) : JSON.stringify(message.content ?? null, null, 2)));
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const content = asText ? draft : parsed(draft);
  const act = async () => {
    setBusy(true);
    const failed = is === 'delete' ? await memory.deleteMessage(ref) : await memory.editMessage(ref, { ...message, content: content as string | unknown[] | null });
    setBusy(false);
    if (failed) setError(failed);
    else onClose();
  };
  return (
    <Dialog
      title={is === 'delete' ? 'Remove this message?' : `Edit the ${roleOf(message).toLocaleLowerCase()} message`}
      width={560}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look={is === 'delete' ? 'danger' : 'primary'} disabled={busy || content === undefined} onClick={() => void act()}>
            {is === 'delete' ? 'Remove it' : 'Save'}
          </Button>
        </>
      }
    >
      <div className="memory-dialog">
        {is === 'delete' ? (
          <>
            <p>It goes from the store; the other messages stay. This can’t be undone.</p>
            <blockquote>{textOf(message).slice(0, 400)}</blockquote>
          </>
        ) : (
          <textarea
            className="control"
            data-mono={asText ? undefined : true}
            rows={8}
            aria-label={asText ? 'Text of the message' : 'Content of the message, as JSON'}
            aria-invalid={content === undefined}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
          />
        )}
        {error && <ReadFailure error={error} onRetry={() => void act()} />}
      </div>
    </Dialog>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
