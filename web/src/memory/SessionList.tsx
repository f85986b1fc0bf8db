import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { SessionEntry } from '../api/memory';
import { toggleChat } from '../layout/panels';
import { usePage, useView } from '../page';
import { Button, IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { count } from '../run/words';
import { Blank } from './Blank';
import { priceOf } from './estimate';
import { ReadFailure } from './ReadFailure';
import { date, lastActive } from './format';
import { PAGE, type MemoryStore } from './store';
import { useMemoryState } from './useMemory';
import { useNow } from './useNow';
import { Waiting } from './Waiting';

/** The sessions of the store. What is typed filters those that are loaded, and opens the one that it names. */
export function SessionList({ memory, onEnlarge }: { memory: MemoryStore; onEnlarge?: () => void }) {
  const list = useMemoryState(memory, (state) => state.list);
  const [query, setQuery] = useState('');
  const wanted = query.trim().toLocaleLowerCase();
  const found = list.entries.filter(({ session }) => session.toLocaleLowerCase().includes(wanted));
  const exact = list.entries.some(({ session }) => session === query);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && query !== '') {
      const id = exact ? query : (found[0]?.session ?? query);
      memory.open(id);
    } else if (event.key === 'Escape' && query !== '') setQuery('');
    else if (event.key === 'ArrowDown') document.querySelector<HTMLElement>('.sessions [role=option][tabindex="0"]')?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <section className="memory-pane sessions-pane" aria-label="Sessions">
      <header className="memory-head">
        <label className="memory-search">
          <Icon name="search" />
          <input
            type="text"
            placeholder="Find, or type an id"
            aria-label="Find a session, or type its id"
            value={query}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={onKeyDown}
          />
        </label>
        <IconButton icon="refresh" label="Read the sessions again" disabled={list.is === 'loading'} onClick={() => void memory.refresh()} />
        {onEnlarge && <IconButton icon="expand" label="Large view" onClick={onEnlarge} />}
      </header>
      {list.error && <ReadFailure error={list.error} onRetry={() => void memory.refresh()} />}
      <div className="memory-scroll">
        {found.length > 0 && <Entries memory={memory} entries={found} />}
        {query !== '' && !exact && (
          <button type="button" className="session-open" onClick={() => memory.open(query)}>
            <Icon name="arrowRight" />
            <span>
              Open <q>{query}</q>
            </span>
          </button>
        )}
        {list.entries.length === 0 && query === '' && !list.error && (list.is === 'ready' ? <NothingStored more={list.next !== undefined} /> : <Waiting />)}
        <MoreSessions memory={memory} />
      </div>
    </section>
  );
}

function Entries({ memory, entries }: { memory: MemoryStore; entries: readonly SessionEntry[] }) {
  const open = useMemoryState(memory, (state) => state.open?.id);
  const [focused, setFocused] = useState(open);
  const box = useRef<HTMLDivElement>(null);
  const closed = useMemoryState(memory, (state) => state.closed);
  useEffect(() => {
    // Back from a session, the focus is where it was.
    if (closed === undefined || document.activeElement !== document.body) return;
    [...(box.current?.children ?? [])].find((option): option is HTMLElement => option instanceof HTMLElement && option.dataset['session'] === closed)?.focus();
  }, [closed]);
  const now = useNow();
  const current = entries.some(({ session }) => session === focused) ? focused : entries[0]?.session;

  const onKeyDown = (event: KeyboardEvent) => {
    const options = [...(box.current?.querySelectorAll<HTMLElement>('[role=option]') ?? [])];
    const at = options.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 }[event.key];
    if (to !== undefined) options[Math.max(0, Math.min(to, options.length - 1))]?.focus();
    else if (event.key === 'Enter' || event.key === ' ') options[at]?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div ref={box} className="sessions" role="listbox" aria-label="Sessions" onKeyDown={onKeyDown}>
      {entries.map(({ session, last_active_epoch_secs: active }) => (
        <div
          key={session}
          role="option"
          className="session"
          data-session={session}
          aria-selected={session === open}
          tabIndex={session === current ? 0 : -1}
          onFocus={() => setFocused(session)}
          onClick={() => memory.open(session)}
        >
          <span className="session-id">{session}</span>
          {active != null && (
            <time className="session-time" dateTime={new Date(active * 1_000).toISOString()} title={date(active)}>
              {lastActive(active, now)}
            </time>
          )}
        </div>
      ))}
    </div>
  );
}

function MoreSessions({ memory }: { memory: MemoryStore }) {
  const list = useMemoryState(memory, (state) => state.list);
  const order = useMemoryState(memory, (state) => state.capabilities?.sessions);
  if (list.entries.length === 0 && list.next === undefined) return null;
  const told = order === 'newest_first' ? 'newest first' : order === 'unordered' ? 'in the store’s order' : undefined;
  const price = list.pageUsage && priceOf(1, list.pageUsage, 1);
  return (
    <footer className="memory-more">
      {list.entries.length > 0 && <p>{[count(list.entries.length, 'session'), told].filter(Boolean).join(', ')}</p>}
      {list.next !== undefined && (
        <Button disabled={list.is === 'loading'} onClick={() => void memory.moreSessions()}>
          {list.is === 'loading' ? 'Loading…' : ['Load up to ' + PAGE + ' more', price].filter(Boolean).join(' · ')}
        </Button>
      )}
    </footer>
  );
}

function NothingStored({ more }: { more: boolean }) {
  const { view } = usePage();
  const chat = useView((state) => state.chat);
  if (more) return <Blank icon="search" title="None on this page" text="The store goes through other items on its way. Read on to find sessions." />;
  return (
    <Blank icon="chat" title="Nothing is stored yet" text="Say something in the chat. It is kept here, whole and in order.">
      {!chat && (
        <Button icon="chat" onClick={() => toggleChat(view)}>
          Open the chat
        </Button>
      )}
    </Blank>
  );
}
