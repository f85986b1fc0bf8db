import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Answer, ApiError } from '../api/client';
import { MAX_TURNS } from '../api/memory';
import type {
  Capabilities, Cleared, MemoryApi, MemoryNode, Message, MessageRef, Recent, SessionEntry, StoredRow, StoredTurn, Unreadable, Usage,
} from '../api/memory';
import type { Stored } from '../run/stored';
import { NO_USAGE } from '../run/words';
import { add } from './format';

export interface MemoryState {
  capabilities: Capabilities | undefined;
  list: SessionList;
  /** The session that is looked at. */
  open: OpenSession | undefined;
  /** The session that was looked at before. */
  closed: string | undefined;
  /** What looking has cost since the page was opened. */
  looked: Usage;
  /** What the flow's runs have cost since then, and the newest of them. */
  talked: Usage;
  lastTurn: Usage | undefined;
  /** What was done last, to be read out. */
  note: string | undefined;
}

export interface SessionList {
  is: 'new' | 'loading' | 'ready';
  entries: readonly SessionEntry[];
  next: string | undefined;
  /** What the newest page has cost: the price of the next. */
  pageUsage: Usage | undefined;
  error: ApiError | undefined;
}

export interface OpenSession {
  id: string;
  is: 'loading' | 'ready';
  error: ApiError | undefined;
  /** Nothing until the first answer. */
  read: Read | undefined;
  /** The whole session is being read; so many turns are there. */
  reading: number | undefined;
  rows: Rows;
}

export interface Read extends Pick<Recent, 'state' | 'complete' | 'notes' | 'position'> {
  turns: readonly StoredTurn[];
  unreadable: readonly Unreadable[];
  fill?: Recent['fill'];
  /** What the newest answer has cost, and how many turns it brought. */
  usage: Usage;
  brought: number;
}

export interface Rows {
  is: 'new' | 'loading' | 'ready';
  records: readonly StoredRow[];
  next: string | undefined;
  pageUsage: Usage | undefined;
  error: ApiError | undefined;
}

/** How many sessions and rows come at once. */
export const PAGE = 50;
/** How many turns are read: first, then when older ones are wished for. */
const STEPS = [50, 250, MAX_TURNS];

const NO_LIST: SessionList = { is: 'new', entries: [], next: undefined, pageUsage: undefined, error: undefined };
const NO_ROWS: Rows = { is: 'new', records: [], next: undefined, pageUsage: undefined, error: undefined };

export type MemoryStore = ReturnType<typeof createMemory>;

/**
 * What one memory node keeps, as far as it was read. `before` is waited for before each call: the host reads the saved flow.
 * `changed` is called when a person has cleared, changed or removed something.
 */
export function createMemory(node: MemoryNode, api: MemoryApi, before: () => Promise<void>, changed: () => void = () => undefined) {
  const store: StoreApi<MemoryState> = createStore<MemoryState>(() => ({
    capabilities: undefined,
    list: NO_LIST,
    open: undefined,
    closed: undefined,
    looked: NO_USAGE,
    talked: NO_USAGE,
    lastTurn: undefined,
    note: undefined,
  }));
  const { getState, setState } = store;
  let stopReading: AbortController | undefined;
  let watchers = 0;
  /** A turn came while nobody looked. */
  let stale = false;
  /** Grows with each question for turns, so that an older answer does not come over a newer one. */
  let asked = 0;

  const setList = (list: Partial<SessionList>) => setState((state) => ({ list: { ...state.list, ...list } }));
  const setOpen = (open: Partial<OpenSession>) => setState((state) => (state.open ? { open: { ...state.open, ...open } } : state));
  const setRows = (rows: Partial<Rows>) => setState(({ open }) => (open ? { open: { ...open, rows: { ...open.rows, ...rows } } } : {}));

  async function ask<T extends { usage?: Usage }>(call: () => Promise<Answer<T>>): Promise<Answer<T>> {
    await before();
    const answer = await call();
    const usage = answer.ok ? answer.value.usage : answer.error.usage;
    setState(({ looked }) => ({ looked: add(looked, usage) }));
    return answer;
  }

  async function readCapabilities(): Promise<void> {
    if (getState().capabilities) return;
    await before();
    const answer = await api.capabilities(node);
    if (answer.ok) setState({ capabilities: answer.value });
  }

  async function listSessions(more: boolean): Promise<void> {
    const { list } = getState();
    if (list.is === 'loading') return;
    setList({ is: 'loading', error: undefined });
    const answer = await ask(() => api.sessions(node, PAGE, more ? list.next : undefined));
    if (!answer.ok) return setList({ is: 'ready', error: answer.error });
    const { sessions, next, usage } = answer.value;
    const known = new Set(more ? list.entries.map(({ session }) => session) : []);
    const entries = more ? [...list.entries, ...sessions.filter(({ session }) => !known.has(session))] : sessions;
    setList({ is: 'ready', entries, next: next ?? undefined, pageUsage: usage });
  }

  /** Reads the newest turns. What is older and was read before stays, where the two meet. */
  async function read(last: number, keep: boolean): Promise<void> {
    const id = getState().open?.id;
    if (id === undefined) return;
    const question = ++asked;
    setOpen({ is: 'loading', error: undefined });
    const answer = await ask(() => api.turns(node, id, last));
    const open = getState().open;
    if (open?.id !== id || question !== asked) return;
    if (!answer.ok) return setOpen({ is: 'ready', error: answer.error });
    const { turns, usage, ...rest } = answer.value;
    const older = keep && !rest.complete ? olderThan(open.read?.turns ?? [], turns) : [];
    setOpen({
      is: 'ready',
      read: { ...rest, turns: [...older, ...turns], complete: rest.complete || (older.length > 0 && open.read?.complete === true), usage, brought: turns.length },
    });
  }

  async function readAll(): Promise<readonly StoredTurn[] | undefined> {
    const open = getState().open;
    if (!open) return undefined;
    if (open.read?.complete) return open.read.turns;
    stopReading?.abort();
    const stop = (stopReading = new AbortController());
    const turns: StoredTurn[] = [];
    const unreadable: Unreadable[] = [];
    let spent = NO_USAGE;
    setOpen({ reading: 0, error: undefined });
    await before();
    const answer = await api.allTurns(
      node,
      open.id,
      (page) => {
        turns.push(...page.turns);
        unreadable.push(...page.unreadable);
        spent = add(spent, page.usage);
        if (getState().open?.id === open.id) setOpen({ reading: turns.length });
      },
      stop.signal,
    );
    setState(({ looked }) => ({ looked: add(add(looked, spent), answer.ok ? undefined : answer.error.usage) }));
    const now = getState().open;
    if (now?.id !== open.id) return undefined;
    if (!answer.ok) {
      setOpen({ reading: undefined, error: stop.signal.aborted ? undefined : answer.error });
      return undefined;
    }
    const read = now.read && { ...now.read, turns, unreadable, complete: true, usage: spent, brought: turns.length };
    setOpen({ reading: undefined, read });
    return turns;
  }

  async function readRows(more: boolean): Promise<void> {
    const { open } = getState();
    if (!open || open.rows.is === 'loading') return;
    const { id, rows } = open;
    setRows({ is: 'loading', error: undefined });
    const answer = await ask(() => api.rows(node, id, PAGE, more ? rows.next : undefined));
    if (getState().open?.id !== id) return;
    if (!answer.ok) return setRows({ is: 'ready', error: answer.error });
    const { records, next, usage } = answer.value;
    setRows({ is: 'ready', records: more ? [...rows.records, ...records] : records, next: next ?? undefined, pageUsage: usage });
  }

  async function refreshOpen(last: number): Promise<void> {
    const rowsShown = getState().open?.rows.is !== 'new';
    await Promise.all([read(last, true), rowsShown ? readRows(false) : undefined]);
  }

  async function mend(call: (id: string) => ReturnType<MemoryApi['editMessage']>, note: string): Promise<ApiError | undefined> {
    const { open } = getState();
    if (!open) return undefined;
    const answer = await ask(() => call(open.id));
    if (!answer.ok) return answer.error;
    changed();
    setState({ note });
    await refreshOpen(wanted(open));
    return undefined;
  }

  /** Brings the session of a run to its place in the list, without reading a whole table again. */
  function relist(session: string, nowSecs: number): void {
    if (getState().list.is === 'new') return;
    const newestFirst = getState().capabilities?.sessions === 'newest_first';
    const isThere = (entry: SessionEntry) => entry.session === session;
    const entry: SessionEntry = { session, last_active_epoch_secs: nowSecs };
    const { entries } = getState().list;
    const others = entries.filter((other) => !isThere(other));
    const stays = !newestFirst && others.length < entries.length;
    setList({ entries: stays ? entries.map((other) => (isThere(other) ? entry : other)) : [entry, ...others] });
  }

  const say = (note: string | undefined) => setState({ note });

  return {
    store,
    say,

    /** From now on somebody looks, until the answer is called. Reads what the tab begins with, once, and what came meanwhile. */
    watch(): () => void {
      watchers += 1;
      void readCapabilities();
      if (getState().list.is === 'new') void listSessions(false);
      if (stale) void refreshOpen(STEPS[0] ?? PAGE);
      stale = false;
      return () => (watchers -= 1);
    },
    moreSessions: () => listSessions(true),

    open(id: string): void {
      stopReading?.abort();
      setState({ open: { id, is: 'loading', error: undefined, read: undefined, reading: undefined, rows: NO_ROWS }, note: undefined });
      void read(STEPS[0] ?? PAGE, false);
    },
    close(): void {
      stopReading?.abort();
      setState(({ open }) => ({ open: undefined, closed: open?.id, note: undefined }));
    },

    async refresh(): Promise<void> {
      const { open } = getState();
      void readCapabilities();
      await Promise.all([open ? refreshOpen(wanted(open)) : undefined, open && getState().list.is !== 'new' ? undefined : listSessions(false)]);
    },

    readOlder: () => read(nextStep(getState().open?.read) ?? MAX_TURNS, false),
    readAll,
    stopReading: () => stopReading?.abort(),
    showRows(): void {
      if (getState().open?.rows.is === 'new') void readRows(false);
    },
    moreRows: () => readRows(true),

    async clear(): Promise<Answer<Cleared>> {
      const id = getState().open?.id ?? '';
      const answer = await ask(() => api.clear(node, id));
      if (!answer.ok) return answer;
      changed();
      setList({ entries: getState().list.entries.filter(({ session }) => session !== id) });
      if (getState().open?.id === id) await refreshOpen(STEPS[0] ?? PAGE);
      return answer;
    },
    deleteMessage: (at: MessageRef) => mend((id) => api.deleteMessage(node, id, at), 'The message is removed.'),
    editMessage: (at: MessageRef, message: Message) => mend((id) => api.editMessage(node, id, at, message), 'The message is changed.'),

    /** A run has stored a turn: what is looked at is read again. */
    noteStored({ session, usage }: Stored, nowSecs = Math.floor(Date.now() / 1_000)): void {
      if (usage) setState(({ talked }) => ({ talked: add(talked, usage), lastTurn: usage }));
      if (getState().open?.id === session) {
        if (watchers > 0) void refreshOpen(STEPS[0] ?? PAGE);
        else stale = true;
      }
      relist(session, nowSecs);
    },
  };
}

/** How many turns come when older ones are wished for; none when only the whole session is left to read. */
export function nextStep(read: Read | undefined): number | undefined {
  return STEPS.find((step) => step > (read?.turns.length ?? 0));
}

function wanted({ read }: OpenSession): number {
  return Math.min(MAX_TURNS, Math.max(STEPS[0] ?? PAGE, read?.turns.length ?? 0));
}

/** Of the turns that were read before, those that come before the newest answer; none where the two don't meet. */
function olderThan(before: readonly StoredTurn[], newest: readonly StoredTurn[]): readonly StoredTurn[] {
  const first = newest[0]?.position;
  const at = before.findIndex(({ position }) => position === first);
  return at < 0 ? [] : before.slice(0, at);
}
