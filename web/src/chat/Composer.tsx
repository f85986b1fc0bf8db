import { useState, type ClipboardEvent, type DragEvent, type KeyboardEvent } from 'react';
import { usePage, useRuns } from '../page';
import { IconButton } from '../ui/Button';

const NO_FILES = 'Images and files are not taken. Send text.';

/** Where a message is written. */
export function Composer({ running }: { running: boolean }) {
  const { runs } = usePage();
  const saving = useRuns((state) => state.saving);
  const draft = useRuns((state) => state.draft);
  const [note, setNote] = useState<string>();
  const { send, stop, write } = runs.commands;

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      void send().then(setNote);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.currentTarget.blur();
    }
  };
  const onPaste = ({ clipboardData }: ClipboardEvent) => {
    if (clipboardData.files.length > 0) setNote(NO_FILES);
  };
  const onDrop = (event: DragEvent) => {
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    setNote(NO_FILES);
  };

  return (
    <div className="chat-foot">
      {note !== undefined && (
        <p className="chat-foot-note" role="alert">
          {note}
        </p>
      )}
      <div className="composer">
        <textarea
          aria-label="Message"
          placeholder="Message the flow"
          rows={1}
          value={draft}
          onChange={(event) => {
            write(event.target.value);
            setNote(undefined);
          }}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onDrop={onDrop}
          onDragOver={(event) => event.dataTransfer.types.includes('Files') && event.preventDefault()}
        />
        {running ? (
          <IconButton className="composer-act" icon="stop" label="Stop" onClick={() => stop()} />
        ) : (
          <IconButton className="composer-act" icon="send" label="Send" keys="Enter" disabled={draft.trim() === '' || saving} aria-busy={saving} onClick={() => void send().then(setNote)} />
        )}
      </div>
    </div>
  );
}
