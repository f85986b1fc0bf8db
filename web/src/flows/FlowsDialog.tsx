import { useCallback, useEffect, useState } from 'react';
import type { ApiError } from '../api/client';
import type { FlowEntry, ReadableFlow } from '../api/flows';
import { openDialog } from '../layout/dialogs';
import { usePage } from '../page';
import { Failure } from '../run/Findings';
import { Button, IconButton } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { ago } from '../text/relative';
import { deleteFlow, duplicateFlow, listFlows, renameFlow } from './manage';
import { exportFlow } from './transfer';
import './flows.css';

type Unreadable = Exclude<FlowEntry, ReadableFlow>;

/** All flows: find, open, rename, copy, export and delete. */
export function FlowsDialog({ onClose }: { onClose: () => void }) {
  const { autosave } = usePage();
  const [list, setList] = useState<{ readable: readonly ReadableFlow[]; unreadable: readonly Unreadable[] }>();
  const [error, setError] = useState<ApiError>();
  const [query, setQuery] = useState('');
  const load = useCallback(async () => {
    await autosave.flush();
    const answer = await listFlows();
    if (answer.ok) setList(answer.value);
    else setError(answer.error);
  }, [autosave]);
  useEffect(() => void load(), [load]);

  /** Runs an act, tells what went wrong, and shows the list as it is then. */
  const run = async (act: Promise<ApiError | undefined>) => {
    setError(await act);
    await load();
  };
  const words = query.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
  const found = list?.readable.filter((entry) => words.every((word) => titleOf(entry).toLocaleLowerCase().includes(word)));

  return (
    <Dialog
      title="Flows"
      width={640}
      onClose={onClose}
      footer={
        <>
          <span className="dialog-aside">
            <Button look="quiet" icon="upload" onClick={() => openDialog({ kind: 'import' })}>Import</Button>
          </span>
          <Button look="primary" icon="add" onClick={() => openDialog({ kind: 'newFlow' })}>New flow</Button>
        </>
      }
    >
      <input className="control" type="search" aria-label="Search flows" placeholder="Search" data-autofocus value={query} spellCheck={false} onChange={(event) => setQuery(event.target.value)} />
      {error && <Failure error={error} />}
      <ul className="rows flow-rows">
        {found?.map((entry) => (
          <FlowRow key={entry.id} entry={entry} others={list?.readable ?? []} run={run} onClose={onClose} />
        ))}
        {words.length === 0 && list?.unreadable.map((entry) => <UnreadableRow key={entry.id} entry={entry} run={run} />)}
      </ul>
      {found?.length === 0 && <p className="dialog-empty">{words.length === 0 ? 'No flow is saved yet.' : 'No flow is called so.'}</p>}
    </Dialog>
  );
}

type Run = (act: Promise<ApiError | undefined>) => Promise<void>;

function FlowRow({ entry, others, run, onClose }: { entry: ReadableFlow; others: readonly ReadableFlow[]; run: Run; onClose: () => void }) {
  const page = usePage();
  const [doing, setDoing] = useState<'renaming' | 'deleting'>();
  const title = titleOf(entry);
  const current = entry.id === page.flow.getState().id;
  const rename = (name: string) => {
    setDoing(undefined);
    if (name !== entry.name) void run(renameFlow(page, entry.id, name));
  };
  return (
    <li className="row">
      <div className="row-main">
        <Icon name="flow" />
        {doing === 'renaming' ? (
          <RenameField name={entry.name} onDone={rename} onCancel={() => setDoing(undefined)} />
        ) : (
          <div className="row-text">
            <button
              type="button"
              className="row-open"
              aria-current={current || undefined}
              onClick={() => {
                onClose();
                if (!current) void page.openFlow(entry.id);
              }}
            >
              {title}
            </button>
            <p>
              {current ? 'Open now · ' : ''}changed {ago(entry.updated)}
            </p>
          </div>
        )}
        <IconButton icon="rename" label={`Rename ${title}`} onClick={() => setDoing('renaming')} />
        <IconButton icon="copy" label={`Duplicate ${title}`} onClick={() => void run(duplicateFlow(page, entry.id))} />
        <IconButton icon="download" label={`Export ${title}`} onClick={() => void exportFlow(page, entry.id)} />
        <IconButton icon="trash" label={`Delete ${title}`} aria-expanded={doing === 'deleting'} onClick={() => setDoing(doing === 'deleting' ? undefined : 'deleting')} />
      </div>
      {doing === 'deleting' && (
        <Ask onKeep={() => setDoing(undefined)} onDelete={() => void run(deleteFlow(page, entry.id, others))}>
          Delete the flow? What its memories keep stays in their stores.
        </Ask>
      )}
    </li>
  );
}

function UnreadableRow({ entry, run }: { entry: Unreadable; run: Run }) {
  const page = usePage();
  const [asking, setAsking] = useState(false);
  return (
    <li className="row">
      <div className="row-main">
        <Icon name="alert" />
        <div className="row-text">
          <p>{entry.id}</p>
          <p className="row-problem">{entry.error.message}</p>
        </div>
        <IconButton icon="trash" label={`Delete ${entry.id}`} aria-expanded={asking} onClick={() => setAsking(!asking)} />
      </div>
      {asking && (
        <Ask onKeep={() => setAsking(false)} onDelete={() => void run(deleteFlow(page, entry.id, []))}>
          Delete the file? It can’t be brought back.
        </Ask>
      )}
    </li>
  );
}

function Ask({ children, onKeep, onDelete }: { children: string; onKeep: () => void; onDelete: () => void }) {
  return (
    <div className="row-ask" role="alert">
      <p>{children}</p>
      <Button autoFocus onClick={onKeep}>Keep it</Button>
      <Button look="danger" onClick={onDelete}>Delete</Button>
    </div>
  );
}

function RenameField({ name, onDone, onCancel }: { name: string; onDone: (name: string) => void; onCancel: () => void }) {
  const [value, setValue] = useState(name);
  return (
    <input
      className="control"
      aria-label="Name of the flow"
      autoFocus
      maxLength={120}
      value={value}
      onChange={(event) => setValue(event.target.value)}
      onFocus={(event) => event.currentTarget.select()}
      onBlur={() => onDone(value.trim())}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onDone(value.trim());
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        onCancel();
      }}
    />
  );
}

function titleOf({ name }: ReadableFlow): string {
  return name || 'Untitled flow';
}
