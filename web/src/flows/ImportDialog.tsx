import { useEffect, useRef, useState } from 'react';
import type { ApiError } from '../api/client';
import { closeAllDialogs, openDialog } from '../layout/dialogs';
import { usePage } from '../page';
import { Failure } from '../run/Findings';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { importFlow } from './transfer';
import './flows.css';

/** Takes a flow from a file, from the clipboard, or `given` by a drop or paste elsewhere on the page. */
export function ImportDialog({ given, onClose }: { given: File | string | undefined; onClose: () => void }) {
  const page = usePage();
  const file = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(given !== undefined);
  const [error, setError] = useState<ApiError>();
  const [over, setOver] = useState(false);

  const take = async (source: File | string) => {
    setBusy(true);
    setError(undefined);
    const answer = await importFlow(page, source);
    setBusy(false);
    if (!answer.ok) {
      setError(answer.error);
      return;
    }
    closeAllDialogs();
    openDialog({ kind: 'report', report: answer.value });
  };
  const started = useRef(false);
  useEffect(() => {
    if (given === undefined || started.current) return;
    started.current = true;
    void take(given);
  });

  return (
    <Dialog title="Import a flow" width={520} onClose={onClose}>
      <div
        className="import-zone"
        data-over={over}
        aria-busy={busy}
        onPaste={(event) => {
          const [pasted] = event.clipboardData.files;
          event.preventDefault();
          void take(pasted ?? event.clipboardData.getData('text/plain'));
        }}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          event.stopPropagation();
          setOver(false);
          const [dropped] = event.dataTransfer.files;
          if (dropped) void take(dropped);
        }}
      >
        <Icon name="upload" size={20} />
        <p>{busy ? 'Importing…' : 'Drop a file here, or paste a flow.'}</p>
        <Button look="primary" data-autofocus disabled={busy} onClick={() => file.current?.click()}>Choose a file</Button>
        <input
          ref={file}
          type="file"
          accept=".json,application/json"
          hidden
          aria-label="File to import"
          onChange={(event) => {
            const [chosen] = event.target.files ?? [];
            event.target.value = '';
            if (chosen) void take(chosen);
          }}
        />
      </div>
      {error && (
        <div className="import-error">
          <Failure error={error}>
            <p>Nothing was changed here.</p>
          </Failure>
        </div>
      )}
      <p className="import-help">An export of this canvas, of Flowise or of AnswerAI. It becomes a flow of its own; secrets are never part of it.</p>
    </Dialog>
  );
}
