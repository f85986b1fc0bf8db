import { useEffect, useState, type FormEvent } from 'react';
import type { HistoryRecord, SessionMessage } from '../api/history';
import type { FlowNode } from '../flow/document';
import { Blank } from '../memory/Blank';
import { charge } from '../memory/format';
import { ReadFailure } from '../memory/ReadFailure';
import { SetUpFirst } from '../memory/SetUpFirst';
import { Waiting } from '../memory/Waiting';
import { count } from '../run/words';
import { Button, IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Menu, type MenuItem } from '../ui/Menu';
import { RemoveDialog } from './RemoveDialog';
import { PAGE, type HistoryState, type HistoryStore, type Removal } from './store';
import { useHistory, useHistoryState } from './useHistory';
import '../memory/memory.css';
import './history.css';

const NOTE_MS = 10_000;
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** What became of memories, and what was said last in sessions. */
export function HistoryTab({ node }: { node: FlowNode }) {
  return (
    <SetUpFirst node={node}>
      <Stored node={node} />
    </SetUpFirst>
  );
}

type Shown = NonNullable<HistoryState['of']>['is'];

function Stored({ node }: { node: FlowNode }) {
  const history = useHistory(node);
  const of = useHistoryState(history, (state) => state.of);
  const [shown, setShown] = useState<Shown>(of?.is ?? 'memory');
  const [removing, setRemoving] = useState<Removal['is']>();
  useEffect(() => {
    if (of) setShown(of.is);
  }, [of]);
  return (
    <div className="memory">
      <Head key={`${shown} ${of?.is === shown ? of.id : ''}`} history={history} shown={shown} onRemove={setRemoving} />
      <div className="memory-switch" role="group" aria-label="What is shown">
        {(['memory', 'messages'] as const).map((what) => (
          <button key={what} type="button" aria-pressed={shown === what} onClick={() => setShown(what)}>
            {what === 'memory' ? 'A memory' : 'Messages'}
          </button>
        ))}
      </div>
      <Found history={history} shown={shown} />
      <Foot history={history} />
      {removing && <RemoveDialog history={history} what={removing} of={of} onClose={() => setRemoving(undefined)} />}
    </div>
  );
}

function Head({ history, shown, onRemove }: { history: HistoryStore; shown: Shown; onRemove: (what: Removal['is']) => void }) {
  const of = useHistoryState(history, (state) => state.of);
  const busy = useHistoryState(history, (state) => state.is === 'loading');
  const [id, setId] = useState(of?.is === shown ? of.id : '');
  const [menu, setMenu] = useState<Element>();
  const label = shown === 'memory' ? 'Id of a memory' : 'Session scope';
  const look = (event: FormEvent) => {
    event.preventDefault();
    if (id.trim() !== '') history.look({ is: shown, id: id.trim() });
  };
  const items: MenuItem[] = [
    { label: 'Delete a session’s messages…', icon: 'trash', danger: true, act: () => onRemove('session') },
    { label: 'Delete a user…', icon: 'trash', danger: true, act: () => onRemove('user') },
    { label: 'Delete everything…', icon: 'trash', danger: true, apart: true, act: () => onRemove('all') },
  ];
  return (
    <form className="memory-head" onSubmit={look}>
      <label className="memory-search">
        <Icon name="search" />
        <input type="text" placeholder={label} aria-label={label} value={id} spellCheck={false} autoComplete="off" onChange={(event) => setId(event.target.value)} />
      </label>
      <button type="submit" className="button history-look" disabled={id.trim() === ''}>
        Show
      </button>
      <IconButton icon="refresh" label="Read it again" disabled={busy || !of} data-busy={busy} onClick={() => void history.refresh()} />
      <IconButton icon="more" label="Delete" aria-haspopup="menu" aria-expanded={menu !== undefined} onClick={(event) => setMenu(event.currentTarget)} />
      {menu && <Menu anchor={menu} items={items} label="Delete" onClose={() => setMenu(undefined)} />}
    </form>
  );
}

function Found({ history, shown }: { history: HistoryStore; shown: Shown }) {
  const state = useHistoryState(history, (all) => all);
  const { of, is, records, messages, next, error, unreadable } = state;
  if (of?.is !== shown) {
    return shown === 'memory' ? (
      <Blank icon="search" title="Which memory?" text="Type its id, and see what was added to it, changed and removed, oldest first." />
    ) : (
      <Blank icon="search" title="Which session?" text="Type a session scope, such as user_id=alice, and see what was said last." />
    );
  }
  if (error) return <ReadFailure error={error} onRetry={() => void history.refresh()} />;
  const nothing = shown === 'memory' ? records.length + unreadable.length === 0 : messages.length === 0;
  if (nothing) {
    if (is !== 'ready') return <Waiting />;
    const text = shown === 'memory' ? 'Nothing happened to a memory of this id. Compare it letter by letter.' : 'Nothing was said in this scope, or it was deleted.';
    return <Blank icon="search" title="Nothing is stored" text={text} />;
  }
  if (shown === 'messages') {
    return (
      <div className="memory-scroll">
        <ol className="history" aria-label={`Newest messages of ${of.id}`}>
          {messages.map((message) => (
            <Said key={message.id} message={message} />
          ))}
        </ol>
      </div>
    );
  }
  return (
    <div className="memory-scroll">
      <ol className="history" aria-label={`History of ${of.id}, oldest first`}>
        {records.map((record) => (
          <Happened key={record.id} record={record} />
        ))}
      </ol>
      {unreadable.length > 0 && (
        <p className="unreadable">{count(unreadable.length, 'row')} can’t be read. They stay as they are: {unreadable.map(({ key }) => key).join(', ')}</p>
      )}
      <footer className="memory-more">
        <p>{count(records.length, 'record')}, oldest first</p>
        {next !== undefined && (
          <Button disabled={is === 'loading'} onClick={() => void history.more()}>
            {is === 'loading' ? 'Loading…' : `Load up to ${PAGE} more`}
          </Button>
        )}
      </footer>
    </div>
  );
}

const EVENTS = { ADD: 'Added', UPDATE: 'Changed', DELETE: 'Removed' } as const;

function Happened({ record }: { record: HistoryRecord }) {
  const { event, old_memory: before, new_memory: after, created_at: created, updated_at: updated, actor_id: actor, role, user } = record;
  return (
    <li className="happened" data-event={event}>
      <header>
        <strong>{EVENTS[event] ?? event}</strong>
        <time dateTime={updated ?? created}>{timeOf(updated ?? created)}</time>
      </header>
      {before != null && (
        <p className="happened-old">
          <span className="visually-hidden">Before: </span>
          {before === '' ? 'Empty' : before}
        </p>
      )}
      {after != null && (
        <p className="happened-new">
          <span className="visually-hidden">After: </span>
          {after === '' ? 'Empty' : after}
        </p>
      )}
      <p className="happened-by">{[[actor != null && `by ${actor}`, role].filter(Boolean).join(', '), `user ${user}`].filter(Boolean).join(' · ')}</p>
    </li>
  );
}

function Said({ message: { role, name, content, created_at: at } }: { message: SessionMessage }) {
  return (
    <li className="happened">
      <header>
        <strong>{name == null ? role : `${name} (${role})`}</strong>
        <time dateTime={at}>{timeOf(at)}</time>
      </header>
      <p className="happened-new">{content}</p>
    </li>
  );
}

function Foot({ history }: { history: HistoryStore }) {
  const note = useHistoryState(history, (state) => state.note);
  const usage = useHistoryState(history, (state) => state.usage);
  useEffect(() => {
    if (note === undefined) return undefined;
    const timer = setTimeout(() => history.say(undefined), NOTE_MS);
    return () => clearTimeout(timer);
  }, [history, note]);
  return (
    <>
      <p className="memory-note" role="status" data-shown={note !== undefined}>
        {note}
      </p>
      {usage.requests > 0 && (
        <footer className="memory-foot">
          <span>Cost so far</span>
          <span>{charge(usage)}</span>
        </footer>
      )}
    </>
  );
}

/** In words, or as it stands where it is no time. */
function timeOf(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : DATE.format(at);
}
