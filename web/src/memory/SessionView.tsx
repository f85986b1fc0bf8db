import { useEffect, useMemo, useState, type KeyboardEvent } from 'react';
import { hasMod } from '../canvas/keys';
import { IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Menu, type MenuItem } from '../ui/Menu';
import { count } from '../run/words';
import { relative } from '../text/relative';
import { ClearDialog } from './ClearDialog';
import { download, fileName, toJson, toMarkdown, type ExportFormat } from './export';
import { ReadFailure } from './ReadFailure';
import { date } from './format';
import { itemsOf, messageCount } from './messages';
import { Messages } from './Messages';
import { find } from './search';
import { SizeBar } from './SizeBar';
import { Waiting } from './Waiting';
import { SessionBlank } from './SessionBlank';
import { StoredRows } from './StoredRows';
import type { MemoryStore, OpenSession, Read } from './store';
import { useCopy } from './useCopy';
import { useFocusIfLost } from './useFocusIfLost';
import { useMemoryState } from './useMemory';
import { useNow } from './useNow';

type Shown = 'messages' | 'rows';

/** One session: its messages, and the rows behind them. */
export function SessionView({ memory, onEnlarge }: { memory: MemoryStore; onEnlarge?: () => void }) {
  const open = useMemoryState(memory, (state) => state.open);
  const [shown, setShown] = useState<Shown>('messages');
  const [clearing, setClearing] = useState(false);
  if (!open) return null;
  return (
    <section className="memory-pane session-pane" aria-label={`Session ${open.id}`} onKeyDown={searchOnFind}>
      <Head memory={memory} open={open} onClear={() => setClearing(true)} {...(onEnlarge && { onEnlarge })} />
      {open.read && <Facts read={open.read} />}
      <div className="memory-switch" role="group" aria-label="What is shown">
        <button type="button" aria-pressed={shown === 'messages'} onClick={() => setShown('messages')}>
          Messages
        </button>
        <button type="button" aria-pressed={shown === 'rows'} onClick={() => setShown('rows')}>
          As stored
        </button>
      </div>
      {shown === 'rows' ? <StoredRows memory={memory} /> : <Conversation memory={memory} open={open} />}
      {clearing && <ClearDialog memory={memory} open={open} onExport={() => void exportSession(memory, open.id, 'json')} onClose={() => setClearing(false)} />}
    </section>
  );
}

/** The browser's own search sees only the messages that are drawn. Pressed again, it is the browser's. */
function searchOnFind(event: KeyboardEvent<HTMLElement>): void {
  const field = event.currentTarget.querySelector<HTMLInputElement>('[data-search]');
  if (!field || !hasMod(event) || event.key.toLowerCase() !== 'f' || event.target === field) return;
  event.preventDefault();
  field.select();
}

function Head({ memory, open, onClear, onEnlarge }: { memory: MemoryStore; open: OpenSession; onClear: () => void; onEnlarge?: () => void }) {
  const [menu, setMenu] = useState<Element>();
  const [copied, copy] = useCopy();
  const { id } = open;
  const title = useFocusIfLost<HTMLHeadingElement>();
  const items: MenuItem[] = [
    { label: 'Export as Markdown', icon: 'download', act: () => void exportSession(memory, id, 'markdown') },
    { label: 'Export as JSON', icon: 'download', act: () => void exportSession(memory, id, 'json') },
    { label: 'Copy as Markdown', icon: 'copy', act: () => void copySession(memory, id) },
    { label: 'Clear the session…', icon: 'trash', danger: true, apart: true, act: onClear },
  ];
  return (
    <header className="memory-head">
      {onEnlarge && <IconButton icon="arrowLeft" label="All sessions" onClick={() => memory.close()} />}
      <h3 ref={title} className="session-title" title={id} tabIndex={-1}>
        {id}
      </h3>
      <IconButton icon={copied ? 'check' : 'copy'} label={copied ? 'Copied' : 'Copy the session’s id'} onClick={() => copy(id)} />
      <span className="memory-gap" />
      <IconButton icon="refresh" label="Read it again" disabled={open.is === 'loading'} data-busy={open.is === 'loading'} onClick={() => void memory.refresh()} />
      {onEnlarge && <IconButton icon="expand" label="Large view" onClick={onEnlarge} />}
      <IconButton icon="more" label="Export, copy, clear" aria-haspopup="menu" aria-expanded={menu !== undefined} onClick={(event) => setMenu(event.currentTarget)} />
      {menu && <Menu anchor={menu} items={items} label="Session" onClose={() => setMenu(undefined)} />}
    </header>
  );
}

/** How much there is, until when, and how full it is. */
function Facts({ read }: { read: Read }) {
  const now = useNow();
  const { turns, complete, fill, notes } = read;
  const expires = turns.at(-1)?.expires_at_epoch_secs;
  if (turns.length === 0) return null;
  const messages = count(messageCount(turns), 'message');
  const size = complete ? `${messages} in ${count(turns.length, 'turn')}` : `The newest ${count(turns.length, 'turn')}, ${messages}`;
  return (
    <div className="memory-facts">
      <p>{size}</p>
      {expires != null && (
        <p>
          {expires * 1_000 > now ? 'Expires' : 'Expired'} {relative(expires, now)}, {date(expires)}
        </p>
      )}
      {fill && <SizeBar size={fill.bytes} limit={fill.limit_bytes} label="Size of the session" />}
      {notes.map((note) => (
        <details key={note.name} className="memory-remark">
          <summary>{note.name}</summary>
          <p>{note.text}</p>
        </details>
      ))}
    </div>
  );
}

function Conversation({ memory, open }: { memory: MemoryStore; open: OpenSession }) {
  const { read } = open;
  const [query, setQuery] = useState('');
  const [wanted, setWanted] = useState(0);
  const [plain, setPlain] = useState(false);
  const items = useMemo(() => itemsOf(read?.turns ?? []), [read?.turns]);
  const hits = useMemo(() => find(items, query), [items, query]);
  const hit = hits.length === 0 ? 0 : ((wanted % hits.length) + hits.length) % hits.length;
  const current = hits[hit];

  // The newest hit comes first, as the newest messages are what is shown.
  useEffect(() => setWanted(-1), [query]);

  if (open.error && !read) return <ReadFailure error={open.error} onRetry={() => void memory.refresh()} />;
  if (!read) return <Waiting />;
  const failure = open.error && <ReadFailure error={open.error} onRetry={() => void memory.refresh()} />;
  if (items.length === 0) {
    return (
      <div className="memory-scroll">
        {failure}
        <SessionBlank state={read.state} />
        <UnreadableRows read={read} />
      </div>
    );
  }

  const onFieldKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter') setWanted(hit + (event.shiftKey ? -1 : 1));
    else if (event.key === 'Escape' && query !== '') setQuery('');
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="conversation">
      <div className="memory-tools">
        <label className="memory-search">
          <Icon name="search" />
          <input
            type="text"
            data-search
            placeholder={read.complete ? 'Search' : 'Search what is loaded'}
            aria-label="Search in the session"
            value={query}
            spellCheck={false}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={onFieldKey}
          />
          {query.trim() !== '' && (
            <span className="memory-hits" role="status">
              {hits.length === 0 ? 'none' : `${hit + 1} of ${hits.length}`}
            </span>
          )}
        </label>
        {query.trim() !== '' && (
          <>
            <IconButton icon="chevronUp" label="Previous message" keys="Shift Enter" disabled={hits.length < 2} onClick={() => setWanted(hit - 1)} />
            <IconButton icon="chevronDown" label="Next message" keys="Enter" disabled={hits.length < 2} onClick={() => setWanted(hit + 1)} />
          </>
        )}
        <button type="button" className="memory-plain" aria-pressed={plain} title="Show the text as it is, without markdown" onClick={() => setPlain(!plain)}>
          Plain
        </button>
      </div>
      {failure}
      <Messages memory={memory} open={open} read={read} items={items} plain={plain} query={query} current={current} before={<UnreadableRows read={read} />} />
    </div>
  );
}

function UnreadableRows({ read }: { read: Read }) {
  if (read.unreadable.length === 0) return null;
  return (
    <details className="unreadable">
      <summary>
        <Icon name="alert" />
        {count(read.unreadable.length, 'row')} can’t be read
      </summary>
      <p>They stay as they are, and the rest is shown.</p>
      <ul>
        {read.unreadable.map(({ key, reason }, at) => (
          <li key={at}>
            <code>{key}</code>
            <span>{reason}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The whole session goes into the file; what is not loaded yet is read first. */
async function exportSession(memory: MemoryStore, session: string, format: ExportFormat): Promise<void> {
  const turns = await memory.readAll();
  if (!turns) return;
  const whole = { session, turns };
  const name = fileName(session, format);
  if (format === 'json') download(name, toJson(whole), 'application/json');
  else download(name, toMarkdown(whole), 'text/markdown');
  memory.say(`${count(messageCount(turns), 'message')} saved as ${name}.`);
}

async function copySession(memory: MemoryStore, session: string): Promise<void> {
  const turns = await memory.readAll();
  if (!turns) return;
  try {
    await navigator.clipboard.writeText(toMarkdown({ session, turns }));
    memory.say(`${count(messageCount(turns), 'message')} copied.`);
  } catch {
    memory.say('The browser does not allow copying here. Export it instead.');
  }
}
