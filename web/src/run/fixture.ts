import { createStore } from 'zustand/vanilla';
import type { Answer, ApiError } from '../api/client';
import type { Follower, RunNews } from '../api/events';
import type { Message, NewRun, Recent, RunResult, RunsApi, RunView, Session, StoredTurn } from '../api/runs';
import type { SaveState } from '../flow/autosave';
import type { FlowDocument } from '../flow/document';
import { createFlowStore } from '../flow/store';
import { catalog, nodeType } from '../manifest/fixture';
import { createKept } from './kept';
import { createRuns } from './runs';
import { NO_USAGE } from './words';

const port = (id: string, ...types: string[]) => ({ id, title: id, types });

/** For tests: a chain with a memory, a model and a tool, none of them the repository's own. */
export const CATALOG = catalog([
  nodeType('someChain', [port('m', 'BaseMemory'), port('l', 'BaseChatModel'), port('t', 'Tool')], [port('out', 'BaseChain')], { category: 'Chains' }),
  { ...nodeType('someMemory', [], [port('m', 'BaseMemory')]), properties: { thread: { type: 'string', 'x-ui': { widget: 'session' } } } },
  nodeType('someModel', [], [port('l', 'BaseChatModel')]),
  nodeType('unitConverter', [], [port('t', 'Tool')]),
]);

const node = (id: string, type: string) => ({ id, type, version: 1, position: { x: 0, y: 0 }, inputs: {} });
const edge = (source: string, handle: string) => ({ source, sourceHandle: handle, target: 'chain', targetHandle: handle });
export const FLOW: FlowDocument = {
  format: 1,
  name: 'Talk',
  nodes: [node('chain', 'someChain'), node('memory', 'someMemory'), node('model', 'someModel'), node('tool', 'unitConverter')],
  edges: [edge('memory', 'm'), edge('model', 'l'), edge('tool', 't')],
};

export const FAILURE: ApiError = { kind: 'unavailable', status: 503, message: 'the table can’t be reached', operation: 'append' };

/** For tests: a host that runs what it is given when the test says so, and keeps each turn once. */
export class FakeHost {
  up = true;
  save: SaveState = { is: 'saved' };
  saves = 0;
  /** What a start, and a save of the flow, wait for. */
  hold: { save?: Promise<void>; start?: Promise<void> } = {};
  /** Sessions by name. */
  stored = new Map<string, StoredTurn[]>();
  started: NewRun[] = [];
  stops: string[] = [];
  reads = 0;
  /** The next calls of these fail so. */
  refuseStart: ApiError | undefined;
  refuseStore: ApiError | undefined;
  refuseTurns: ApiError | undefined;
  private runs = new Map<string, { order: NewRun; turnId: string; on?: Follower }>();

  readonly api: RunsApi = {
    start: async (body) => {
      await this.hold.start;
      if (!this.up) return OFFLINE;
      if (this.refuseStart) return failed(this.refuseStart);
      this.started.push(body);
      const id = `run ${this.started.length}`;
      const turnId = body.turn_id ?? `turn ${this.started.length}`;
      this.runs.set(id, { order: body, turnId });
      return { ok: true, value: { id, turn_id: turnId, chat: body.chat ?? 'chat' } };
    },
    read: async () => NOT_FOUND,
    stop: async (id) => {
      this.stops.push(id);
      return NOT_FOUND;
    },
    storeAgain: async (id) => {
      const run = this.runs.get(id);
      if (!run) return NOT_FOUND;
      if (this.refuseStore) return failed(this.refuseStore);
      const result = this.result(id, 'An answer.');
      return { ok: true, value: { id, chat: 'chat', started_at: '', state: 'done', result: { ...result, stored: this.keep(run) } } as RunView };
    },
    turns: async (_, session, last) => {
      this.reads += 1;
      if (!this.up) return OFFLINE;
      if (this.refuseTurns) return failed(this.refuseTurns);
      const turns = this.stored.get(session ?? 'the node’s') ?? [];
      return { ok: true, value: { turns: turns.slice(-last), complete: turns.length <= last, state: 'present', unreadable: [], notes: [], usage: NO_USAGE } as Recent };
    },
    append: async (_, session, turn) => {
      if (this.refuseStore) return failed(this.refuseStore);
      return { ok: true, value: this.put(session, turn.id, turn.messages) };
    },
  };

  /** Tells the newest run's news, or those of an older one. */
  tell(news: RunNews, id = `run ${this.started.length}`): void {
    this.runs.get(id)?.on?.news(news, { entry: 0, bytes: 0 });
  }

  say = (text: string) => this.tell({ is: 'text', text });

  /** Ends the newest run: answered, and stored where nothing else is said. */
  end(more: Partial<RunResult> = {}, text = 'An answer.'): void {
    const id = `run ${this.started.length}`;
    const run = this.runs.get(id);
    if (run) this.tell({ is: 'done', result: { ...this.result(id, text), ...(more.stored === undefined && { stored: this.keep(run, text) }), ...more } });
  }

  /** The host is killed: it knows no run any more, only what was stored. */
  restart(): void {
    const cut = [...this.runs.values()];
    this.runs.clear();
    for (const { on } of cut) on?.gone();
  }

  silence(silent: boolean): void {
    this.up = !silent;
    for (const { on } of this.runs.values()) on?.waiting(silent);
  }

  follow = (id: string, on: Follower) => {
    const run = this.runs.get(id);
    if (run) run.on = on;
    else queueMicrotask(on.gone);
    return () => {
      if (run) delete run.on;
    };
  };

  put(session: string, id: string, messages: Message[]) {
    const turns = this.stored.get(session) ?? [];
    const duplicate = turns.some((turn) => turn.id === id);
    if (!duplicate) this.stored.set(session, [...turns, { id, position: String(turns.length + 1), messages }]);
    return { position: '1', duplicate, dedupe: 'exact' as const, usage: NO_USAGE };
  }

  private keep({ order, turnId }: { order: NewRun; turnId: string }, text = 'An answer.'): RunResult['stored'] {
    return { state: 'stored', ...this.put(sessionOf(order).id, turnId, [{ role: 'user', content: order.message as string }, { role: 'assistant', content: text }]) };
  }

  private result(id: string, text: string): RunResult {
    const { order, turnId } = this.runs.get(id) as { order: NewRun; turnId: string };
    const messages = [{ role: 'user', content: order.message as string }, { role: 'assistant', content: text }];
    return { turn: { id: turnId, messages }, session: sessionOf(order), stored: { state: 'no_memory' }, stopped: false, usage: NO_USAGE };
  }
}

/** For tests: the store on that host, as after opening the flow, with the chat shown. `windowStorage` outlives it, as over a reload. */
export async function openRuns(host: FakeHost, browser: Storage = new MemoryStorage(), windowStorage: Storage = new MemoryStorage(), doc = FLOW, shown = true) {
  const flow = createFlowStore();
  flow.commands.open('f', doc);
  const status = createStore<{ save: SaveState }>(() => ({ save: host.save }));
  const flush = async () => {
    host.saves += 1;
    await host.hold.save;
    status.setState({ save: host.save });
  };
  const runs = createRuns({ flow, catalog: CATALOG, autosave: { flush, status }, kept: createKept(browser, windowStorage), api: host.api, follow: host.follow, now: () => 0 });
  const read = () => void (runs.getState().history.is === 'unread' && runs.commands.read());
  if (shown) {
    read();
    runs.subscribe(read);
  }
  await settle();
  return { flow, runs, browser, windowStorage, status };
}

export const settle = async () => {
  for (let at = 0; at < 20; at++) await Promise.resolve();
};

export class MemoryStorage implements Storage {
  private items = new Map<string, string>();
  get length() {
    return this.items.size;
  }
  key = (at: number) => [...this.items.keys()][at] ?? null;
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
  clear = () => this.items.clear();
}

const OFFLINE = failed({ kind: 'offline', status: 0, message: 'The host does not answer.' });
const NOT_FOUND = failed({ kind: 'not_found', status: 404, message: 'gone' });

function failed(error: ApiError): Extract<Answer<never>, { ok: false }> {
  return { ok: false, error };
}

function sessionOf({ session, chat }: NewRun): Session {
  return session == null ? { id: chat ?? 'chat', source: 'chat' } : { id: session, source: 'request' };
}
