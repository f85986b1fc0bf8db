import { createStore, type StoreApi } from 'zustand/vanilla';
import { followRun } from '../api/events';
import { runs as hostRuns, type MemoryNode, type RunsApi } from '../api/runs';
import type { Autosave, SaveState } from '../flow/autosave';
import { nodeOf } from '../flow/lookups';
import type { FlowStore } from '../flow/store';
import type { Catalog } from '../manifest/catalog';
import { setupProblems } from '../manifest/setup';
import { canRetry, isOpen, isUnstored, merged, wasPerhapsTaken, type Exchange } from './exchange';
import { newId, withRecent, type Conversation, type Kept } from './kept';
import { createLive, type Follow } from './live';
import { withRun } from './nodeRuns';
import { partsOf, type Parts } from './parts';
import { ownSession } from './session';
import type { RunCommands, RunsState } from './state';
import { storeAgain } from './storeAgain';
import { onChanged, tellStoredTurn } from './stored';
import { showEnd, showWorking } from './working';

export type Runs = StoreApi<RunsState> & { commands: RunCommands; kept: Kept };

export interface RunsDeps {
  flow: FlowStore;
  catalog: Catalog;
  autosave: Pick<Autosave, 'flush' | 'status'>;
  kept: Kept;
  api?: RunsApi;
  follow?: Follow;
  now?: () => number;
}

/** Turns that are read when a conversation opens, and the most that the host gives. */
export const FIRST_TURNS = 50;
export const MOST_TURNS = 1000;

/** The runs of the flow that is open, and the conversation that they make. */
export function createRuns({ flow, catalog, autosave, kept, api = hostRuns, follow = followRun, now = Date.now }: RunsDeps): Runs {
  const store = createStore<RunsState>(() => ({ ...blank(), flow: undefined, conversation: { chat: newId() }, nodes: {}, totals: {}, saving: false, draft: '' }));
  /** Grows with each conversation, so that an answer that comes late does not get into another. */
  let opened = 0;

  const get = store.getState;
  const exchange = (key: string) => get().exchanges.find((other) => other.key === key);
  const keep = () => {
    const { flow: id } = get();
    if (id !== undefined) kept.keepRuns(id, get());
  };
  const put = (key: string, next: (before: Exchange) => Exchange) =>
    store.setState(({ exchanges }) => ({ exchanges: exchanges.map((other) => (other.key === key ? next(other) : other)) }));

  const parts = (): Parts => partsOf(catalog, flow.getState().doc);
  /** The memory to read from, once it is set up. */
  const memoryNode = (): MemoryNode | undefined => {
    const { id, doc } = flow.getState();
    const node = nodeOf(doc.nodes, parts().memory ?? '');
    return id === undefined || !node || setupProblems(catalog, node, doc.edges).length > 0 ? undefined : { flow: id, node: node.id };
  };
  /** The session as a request names it; `undefined` for the node's own. */
  const sessionToRead = ({ chat, session }: Conversation): string | undefined => session ?? (hasOwnSession() ? undefined : chat);
  const hasOwnSession = () => ownSession(catalog, flow.getState().doc, parts().memory) !== undefined;

  const live = createLive({
    follow,
    put,
    keep,
    ended: (key, at) => {
      const done = exchange(key);
      if (!done) return;
      store.setState((state) => withRun(state, at, done, now()));
      tellStoredTurn(get().flow, at, done);
      showEnd(at, done);
      keep();
      // What could not be read before the host came back can be now.
      if (get().history.is === 'failed') void commands.read();
    },
    lost: async (at) => {
      showWorking(at, undefined);
      keep();
      const { history } = get();
      await commands.read(history.is === 'read' ? history.last : undefined);
      keep();
    },
  });

  const open = (id: string | undefined) => {
    leave();
    if (id === undefined) return store.setState({ ...blank(), flow: id });
    const conversation = kept.conversation(id);
    kept.keepConversation(id, conversation);
    store.setState({ ...blank(), flow: id, conversation, draft: kept.draft(id), ...kept.runs(id) });
    resume();
  };

  /** Goes on with what was going on when the page was left. */
  const resume = () => {
    for (const { key, is, run } of get().exchanges) {
      if (is !== 'sending' && is !== 'running') continue;
      if (run === undefined) put(key, (before) => ({ ...before, is: 'lost' }));
      else {
        // The stream comes from its start again.
        put(key, (before) => ({ ...before, pieces: [], steps: [] }));
        live.listen(key, run, parts());
      }
    }
  };

  const leave = () => {
    live.leave();
    opened += 1;
  };

  const converse = (conversation: Conversation) => {
    const { flow: id } = get();
    leave();
    store.setState({ ...blank(), conversation });
    if (id !== undefined) {
      kept.keepConversation(id, conversation);
      keep();
    }
  };

  /** Saves the flow, as the host runs what is saved. What comes back says why it can't be run. */
  const saved = async (): Promise<string | undefined> => {
    store.setState({ saving: true });
    await autosave.flush();
    store.setState({ saving: false });
    return whyUnsaved(autosave.status.getState().save);
  };

  const start = async (key: string) => {
    const mine = opened;
    const asked = exchange(key);
    const { flow: id, conversation } = get();
    if (!asked || id === undefined) return;
    const at = parts();
    showWorking(at, at.chain);
    const answer = await api.start({
      flow: id,
      message: asked.asked,
      chat: conversation.chat,
      ...(conversation.session !== undefined && { session: conversation.session }),
      ...(asked.turnId !== undefined && { turn_id: asked.turnId }),
    });
    if (mine !== opened) return;
    if (!answer.ok) {
      return live.fail(key, at, answer.error);
    }
    const { id: run, turn_id: turnId } = answer.value;
    put(key, (before) => ({ ...before, run, is: 'running', ...(turnId != null && { turnId }) }));
    keep();
    if (exchange(key)?.stopped) void api.stop(run);
    live.listen(key, run, at);
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
      if (wasPerhapsTaken(before)) {
        // Then the memory has it.
        await commands.read();
        if (mine !== opened || !exchange(key)) return undefined;
      }
      const reused = before.error?.kind === 'turn_id_reused';
      const turnId = reused ? undefined : (before.turnId ?? newId().replaceAll('-', ''));
      const { error: _, run: __, stored: ___, usage: ____, turnId: _____, said: ______, ...rest } = before;
      const again: Exchange = { ...rest, ...(turnId !== undefined && { turnId }), pieces: [], steps: [], is: 'sending', stopped: false };
      // It will be stored after what was said since then.
      store.setState(({ exchanges }) => ({ exchanges: [...exchanges.filter((other) => other.key !== key), again] }));
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
      if (!before || !isUnstored(before) || before.storing) return;
      const mine = opened;
      const at = parts();
      put(key, (other) => ({ ...other, storing: true }));
      const stored = await storeAgain(api, memoryNode(), before);
      if (mine !== opened) return;
      put(key, () => stored);
      const after = exchange(key);
      if (after) {
        tellStoredTurn(get().flow, at, after);
        showEnd(at, after);
      }
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

  open(flow.getState().id);
  flow.subscribe((state, before) => {
    if (state.id !== before.id) open(state.id);
  });
  // A memory that was connected or set up just now holds a conversation, perhaps.
  autosave.status.subscribe(({ save }) => {
    if (save.is === 'saved' && get().history.is === 'none' && memoryNode()) store.setState({ history: { is: 'unread' } });
  });
  onChanged((place) => {
    const { flow: id, history } = get();
    if (place.flow !== id || place.node !== parts().memory) return;
    if (history.is === 'read' || history.is === 'failed') store.setState({ history: { is: 'unread' } });
  });
  return Object.assign(store, { commands, kept });
}

function whyUnsaved(save: SaveState): string | undefined {
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
}

function blank(): Pick<RunsState, 'exchanges' | 'history'> {
  return { exchanges: [], history: { is: 'unread' } };
}
