import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ApiError } from '../api/client';
import { followRun, type Follower, type RunNews } from '../api/events';
import { runs as hostRuns, type MemoryNode, type RunResult, type RunsApi } from '../api/runs';
import type { Autosave } from '../flow/autosave';
import type { FlowStore } from '../flow/store';
import type { Catalog } from '../manifest/catalog';
import { sentence } from '../text/sentence';
import { canRetry, isOpen, isUnstored, merged, withNews, withResult, type Exchange } from './exchange';
import { newId, withRecent, type Conversation, type Kept } from './kept';
import { failedPart, withRun, type NodeRuns } from './nodeRuns';
import { partAfter, partOfStep, partsOf, type Parts } from './parts';
import { ownSession } from './session';
import { setFinding } from './status';
import { tellStored } from './stored';
import { NO_USAGE, plus } from './words';

/** What of the conversation was read from its memory. */
export type History = { is: 'none' } | { is: 'loading' } | { is: 'read'; complete: boolean; last: number } | { is: 'failed'; error: ApiError };

export interface RunsState extends NodeRuns {
  flow: string | undefined;
  conversation: Conversation;
  /** Oldest first. */
  exchanges: readonly Exchange[];
  history: History;
  /** The flow is being saved before it runs. */
  saving: boolean;
  /** What is being written; it outlives errors, reloads and a host that is gone. */
  draft: string;
}

export interface RunCommands {
  write: (draft: string) => void;
  /** Runs what is written. What comes back says why it was not taken. */
  send: () => Promise<string | undefined>;
  stop: () => void;
  /** Asks again, under the same turn id. */
  retry: (key: string) => Promise<string | undefined>;
  /** Takes a question back that was not answered, to write it anew. */
  takeBack: (key: string) => void;
  storeAgain: (key: string) => Promise<void>;
  newSession: () => void;
  /** Goes on with a session by its name; with the chat's own, or the node's, without one. */
  useSession: (name: string | undefined) => void;
  /** Reads what the memory holds; `last` turns at most. */
  read: (last?: number) => Promise<void>;
}

export type Runs = StoreApi<RunsState> & { commands: RunCommands; kept: Kept };

export interface RunsDeps {
  flow: FlowStore;
  catalog: Catalog;
  autosave: Pick<Autosave, 'flush' | 'status'>;
  kept: Kept;
  api?: RunsApi;
  follow?: (id: string, on: Follower) => () => void;
  now?: () => number;
}

/** Turns that are read when a conversation opens, and the most that the host gives. */
export const FIRST_TURNS = 50;
export const MOST_TURNS = 1000;
/** Pieces of text that come within a frame are shown at once. */
const FRAME_MS = 32;

/** The runs of the flow that is open, and the conversation that they make. */
export function createRuns({ flow, catalog, autosave, kept, api = hostRuns, follow = followRun, now = Date.now }: RunsDeps): Runs {
  const store = createStore<RunsState>(() => ({ ...blank(), flow: undefined, conversation: { chat: newId() }, nodes: {}, totals: {}, saving: false, draft: '' }));
  /** Ends the following of the run that is open. */
  let unfollow: (() => void) | undefined;
  /** Grows with each conversation, so that an answer that comes late does not get into another. */
  let opened = 0;
  let texts: { key: string; text: string }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const get = store.getState;
  const exchange = (key: string) => get().exchanges.find((other) => other.key === key);
  const keep = () => {
    const { flow: id } = get();
    if (id !== undefined) kept.keepRuns(id, get());
  };
  const put = (key: string, next: (before: Exchange) => Exchange) =>
    store.setState(({ exchanges }) => ({ exchanges: exchanges.map((other) => (other.key === key ? next(other) : other)) }));

  const parts = (): Parts => partsOf(catalog, flow.getState().doc);
  const memoryNode = (): MemoryNode | undefined => {
    const { memory } = parts();
    const { id } = flow.getState();
    return id === undefined || memory === undefined ? undefined : { flow: id, node: memory };
  };
  /** The session as a request names it; `undefined` for the node's own. */
  const sessionToRead = ({ chat, session }: Conversation): string | undefined => session ?? (hasOwnSession() ? undefined : chat);
  const hasOwnSession = () => ownSession(catalog, flow.getState().doc, parts().memory) !== undefined;

  const show = (at: Parts, working: string | undefined, failed?: { node: string | undefined; message: string }) => {
    for (const node of [at.chain, at.memory, at.model, ...Object.values(at.tools)]) {
      if (node === undefined) continue;
      const runs = working !== undefined && (node === working || node === at.chain);
      setFinding(node, runs ? { is: 'running', text: 'Running' } : node === failed?.node ? { is: 'error', text: sentence(failed.message) } : undefined);
    }
  };

  const ended = (key: string, at: Parts) => {
    unfollow = undefined;
    const done = exchange(key);
    if (!done) return;
    store.setState((state) => withRun(state, at, done, now()));
    tell(at, done);
    show(at, undefined, done.error && { node: failedPart(at, done), message: done.error.message });
    keep();
  };

  /** Tells the memory's own view that a turn came. */
  const tell = ({ memory }: Parts, { stored, session, steps }: Exchange) => {
    const { flow: id } = get();
    if (id === undefined || memory === undefined || !session || stored?.state !== 'stored') return;
    const usage = steps.filter(({ kind }) => kind.step === 'loaded' || kind.step === 'stored').reduce((sum, step) => plus(sum, step.usage), NO_USAGE);
    tellStored({ flow: id, node: memory, session: session.id, usage });
  };

  const flushTexts = () => {
    clearTimeout(timer);
    timer = undefined;
    const pending = texts;
    texts = [];
    for (const { key, text } of pending) put(key, (before) => withNews(before, { is: 'text', text }));
    if (pending.length > 0) keep();
  };

  const take = (key: string, news: RunNews, at: Parts) => {
    if (news.is === 'text') {
      const last = texts.at(-1);
      if (last?.key === key) last.text += news.text;
      else texts.push({ key, text: news.text });
      timer ??= setTimeout(flushTexts, FRAME_MS);
      return;
    }
    flushTexts();
    put(key, (before) => withNews(before, news));
    if (news.is === 'done' || news.is === 'failed') return ended(key, at);
    const newest = news.is === 'step' ? news.step : undefined;
    show(at, partAfter(at, newest) ?? (newest && partOfStep(at, newest)));
    keep();
  };

  const listen = (key: string, run: string) => {
    const at = parts();
    const mine = opened;
    const current = (act: () => void) => () => mine === opened && act();
    show(at, partAfter(at, undefined) ?? at.chain);
    unfollow = follow(run, {
      news: (news) => current(() => take(key, news, at))(),
      waiting: (waiting) => current(() => put(key, (before) => withWaiting(before, waiting)))(),
      gone: current(() => void lost(key, at)),
      refused: (error) => current(() => {
        put(key, (before) => ({ ...withWaiting(before, false), is: 'failed', error }));
        ended(key, at);
      })(),
    });
  };

  /** The host was started anew while it answered. What it had stored before is there. */
  const lost = async (key: string, at: Parts) => {
    flushTexts();
    const mine = opened;
    put(key, (before) => ({ ...withWaiting(before, false), is: 'lost' }));
    show(at, undefined);
    unfollow = undefined;
    keep();
    const { history } = get();
    await commands.read(history.is === 'read' ? history.last : undefined);
    if (mine === opened) keep();
  };

  const open = (id: string | undefined) => {
    leave();
    if (id === undefined) return store.setState({ ...blank(), flow: id });
    const conversation = kept.conversation(id);
    kept.keepConversation(id, conversation);
    store.setState({ ...blank(), flow: id, conversation, draft: kept.draft(id), ...kept.runs(id) });
    resume();
    void commands.read();
  };

  /** Goes on with what was going on when the page was left. */
  const resume = () => {
    for (const { key, is, run } of get().exchanges) {
      if (is !== 'sending' && is !== 'running') continue;
      if (run === undefined) put(key, (before) => ({ ...before, is: 'lost' }));
      else {
        // The stream comes from its start again.
        put(key, (before) => ({ ...before, pieces: [], steps: [] }));
        listen(key, run);
      }
    }
  };

  const leave = () => {
    flushTexts();
    opened += 1;
    unfollow?.();
    unfollow = undefined;
  };

  const converse = (conversation: Conversation) => {
    const { flow: id } = get();
    leave();
    store.setState({ ...blank(), conversation });
    if (id !== undefined) {
      kept.keepConversation(id, conversation);
      keep();
    }
    void commands.read();
  };

  /** Saves the flow, as the host runs what is saved. What comes back says why it can't be run. */
  const saved = async (): Promise<string | undefined> => {
    store.setState({ saving: true });
    await autosave.flush();
    store.setState({ saving: false });
    const { save } = autosave.status.getState();
    switch (save.is) {
      case 'offline':
        return 'Not sent: the host does not answer. Your message stays here; send it again when the host is back.';
      case 'elsewhere':
        return 'Not sent: the flow was changed elsewhere. Choose above what to keep, then send again.';
      case 'failed':
        return `Not sent: the flow can’t be saved. ${save.error.message}`;
      default:
        return undefined;
    }
  };

  const start = async (key: string) => {
    const mine = opened;
    const asked = exchange(key);
    const { flow: id, conversation } = get();
    if (!asked || id === undefined) return;
    const at = parts();
    show(at, at.chain);
    const answer = await api.start({
      flow: id,
      message: asked.asked,
      chat: conversation.chat,
      ...(conversation.session !== undefined && { session: conversation.session }),
      ...(asked.turnId !== undefined && { turn_id: asked.turnId }),
    });
    if (mine !== opened) return;
    if (!answer.ok) {
      put(key, (before) => ({ ...before, is: 'failed', error: answer.error }));
      return ended(key, at);
    }
    const { id: run, turn_id: turnId } = answer.value;
    put(key, (before) => ({ ...before, run, is: 'running', ...(turnId != null && { turnId }) }));
    keep();
    if (exchange(key)?.stopped) void api.stop(run);
    listen(key, run);
  };

  const drop = (key: string) => {
    store.setState(({ exchanges }) => ({ exchanges: exchanges.filter((other) => other.key !== key) }));
    keep();
  };

  const commands: RunCommands = {
    write(draft) {
      const { flow: id } = get();
      store.setState({ draft });
      if (id !== undefined) kept.keepDraft(id, draft);
    },

    async send() {
      const { draft } = get();
      const text = draft.trim();
      if (text === '' || get().saving || get().exchanges.some(isOpen)) return undefined;
      const mine = opened;
      const problem = await saved();
      if (problem !== undefined) return problem;
      if (mine !== opened) return 'Not sent: another flow was opened.';
      const key = newId();
      store.setState(({ exchanges }) => ({ exchanges: [...exchanges, { key, asked: text, atMs: now(), pieces: [], steps: [], is: 'sending', stopped: false }] }));
      // What was typed while the flow was saved is the next message.
      if (get().draft === draft) commands.write('');
      keep();
      void start(key);
      return undefined;
    },

    stop() {
      const open = get().exchanges.find(isOpen);
      if (!open || open.stopped) return;
      put(open.key, (before) => ({ ...before, stopped: true }));
      if (open.run !== undefined) void api.stop(open.run);
    },

    async retry(key) {
      const before = exchange(key);
      if (!before || !canRetry(before) || get().exchanges.some(isOpen)) return undefined;
      const mine = opened;
      const problem = await saved();
      if (problem !== undefined || mine !== opened) return problem;
      if (before.turnId === undefined && wasPerhapsTaken(before)) {
        // The host may have run it without our hearing of it: then the memory has it.
        const known = new Set(get().exchanges.map(({ turnId }) => turnId));
        await commands.read();
        if (mine !== opened) return undefined;
        const newest = get().exchanges.filter(({ is, turnId }) => is === 'answered' && !known.has(turnId)).at(-1);
        if (newest?.asked === before.asked) {
          drop(key);
          return undefined;
        }
      }
      const reused = before.error?.kind === 'turn_id_reused';
      const turnId = reused ? undefined : (before.turnId ?? newId().replaceAll('-', ''));
      const { error: _, run: __, stored: ___, usage: ____, turnId: _____, said: ______, ...rest } = before;
      put(key, () => ({ ...rest, ...(turnId !== undefined && { turnId }), pieces: [], steps: [], is: 'sending', stopped: false }));
      keep();
      void start(key);
      return undefined;
    },

    takeBack(key) {
      const taken = exchange(key);
      if (!taken || isOpen(taken)) return;
      const { draft } = get();
      drop(key);
      commands.write(draft.trim() === '' ? taken.asked : `${taken.asked}\n\n${draft}`);
    },

    async storeAgain(key) {
      const before = exchange(key);
      if (!before || !isUnstored(before) || before.storing || before.run === undefined) return;
      const mine = opened;
      const at = parts();
      put(key, (now) => ({ ...now, storing: true }));
      const error = await storeOnce(before);
      if (mine !== opened) return;
      if (error) put(key, ({ storing: _, ...rest }) => ({ ...rest, error, stored: { state: 'not_stored', error: error as never } }));
      const done = exchange(key);
      if (done) tell(at, done);
      show(at, undefined, error && { node: at.memory, message: error.message });
      keep();
    },

    newSession() {
      const { conversation } = get();
      // A name that the node gives would hold again; only one that the request gives comes before it.
      const { session: _, ...rest } = conversation;
      const id = newId();
      converse(hasOwnSession() ? { ...rest, session: id } : { ...rest, chat: id });
    },

    useSession(name) {
      const { conversation } = get();
      const { session: _, ...rest } = conversation;
      converse(name === undefined ? rest : { ...rest, session: name, recent: withRecent(conversation, name) });
    },

    async read(last = FIRST_TURNS) {
      const memory = memoryNode();
      if (!memory) return store.setState({ history: { is: 'none' } });
      const mine = opened;
      const storedBefore = new Set(get().exchanges.flatMap(({ key, is }) => (is === 'answered' ? [key] : [])));
      if (get().history.is !== 'read') store.setState({ history: { is: 'loading' } });
      const answer = await api.turns(memory, sessionToRead(get().conversation), last);
      if (mine !== opened) return;
      if (!answer.ok) return store.setState({ history: { is: 'failed', error: answer.error } });
      const { turns, complete } = answer.value;
      store.setState(({ exchanges }) => ({ exchanges: merged(turns, exchanges, storedBefore), history: { is: 'read', complete, last } }));
    },
  };

  /** Stores the turn that an answer is part of; the host that answered may be gone. */
  const storeOnce = async ({ key, run, said, asked, turnId, session }: Exchange): Promise<ApiError | undefined> => {
    const answer = await api.storeAgain(run ?? '');
    if (answer.ok) {
      const { result } = answer.value;
      if (result) put(key, (before) => withResult(before, result));
      return undefined;
    }
    const memory = memoryNode();
    if (answer.error.status !== 404 || !memory || !session || turnId === undefined) return answer.error;
    const turn = { id: turnId, messages: [{ role: 'user', content: asked }, ...(said ?? [])] };
    const appended = await api.append(memory, session.id, turn);
    if (!appended.ok) return appended.error;
    put(key, ({ storing: _, error: __, ...rest }) => ({ ...rest, stored: { state: 'stored', ...appended.value } satisfies RunResult['stored'] }));
    return undefined;
  };

  open(flow.getState().id);
  flow.subscribe((state, before) => {
    if (state.id !== before.id) open(state.id);
  });
  return Object.assign(store, { commands, kept });
}

function blank(): Pick<RunsState, 'exchanges' | 'history'> {
  return { exchanges: [], history: { is: 'none' } };
}

/** Whether the host may have begun the run although the page heard of none. */
function wasPerhapsTaken({ error, is }: Exchange): boolean {
  return is === 'lost' || error?.kind === 'offline' || error?.kind === 'unknown_answer';
}

function withWaiting(exchange: Exchange, waiting: boolean): Exchange {
  const { waiting: _, ...rest } = exchange;
  return waiting ? { ...rest, waiting } : rest;
}
