import { createStore } from 'zustand/vanilla';
import type { Answer, ApiError } from '../api/client';
import type { Deleted, HistoryApi, HistoryRecord, HistoryRef, SessionMessage } from '../api/history';
import type { Unreadable, Usage } from '../api/memory';
import { charge } from '../memory/format';
import { count, NO_USAGE, plus } from '../run/words';

export interface HistoryState {
  /** What is looked at: the history of a memory, or what was said in a session scope. */
  of: { is: 'memory' | 'messages'; id: string } | undefined;
  is: 'new' | 'loading' | 'ready';
  records: readonly HistoryRecord[];
  messages: readonly SessionMessage[];
  unreadable: readonly Unreadable[];
  next: string | undefined;
  error: ApiError | undefined;
  usage: Usage;
  note: string | undefined;
}

export type HistoryStore = ReturnType<typeof createHistory>;

/** What goes: of a user, of a session scope, or everything. */
export type Removal = { is: 'user' | 'session'; id: string } | { is: 'all' };

export const PAGE = 50;
const NOTHING = { records: [], messages: [], unreadable: [], next: undefined, error: undefined };

/** What one history node keeps, as far as it was read. `before` is waited for before each call: the host reads the saved flow. */
export function createHistory(node: HistoryRef, api: HistoryApi, before: () => Promise<void>) {
  const store = createStore<HistoryState>(() => ({ of: undefined, is: 'new', ...NOTHING, usage: NO_USAGE, note: undefined }));
  const { getState, setState } = store;

  const ask = async <T extends { usage: Usage }>(call: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    await before();
    const answer = await call();
    const usage = answer.ok ? answer.value.usage : answer.error.usage;
    if (usage) setState((state) => ({ usage: plus(state.usage, usage) }));
    return answer;
  };

  const read = async (more: boolean): Promise<void> => {
    const { of, next, records } = getState();
    if (!of) return;
    setState({ is: 'loading', error: undefined });
    if (of.is === 'messages') {
      const answer = await ask(() => api.messages(node, of.id));
      if (getState().of === of) setState({ is: 'ready', ...(answer.ok ? { messages: answer.value.messages } : { error: answer.error }) });
      return;
    }
    const answer = await ask(() => api.records(node, of.id, PAGE, more ? next : undefined));
    if (getState().of !== of) return;
    if (!answer.ok) return setState({ is: 'ready', error: answer.error });
    const page = answer.value;
    setState((state) => ({
      is: 'ready',
      records: more ? [...records, ...page.records] : page.records,
      unreadable: more ? [...state.unreadable, ...page.unreadable] : page.unreadable,
      next: page.next ?? undefined,
    }));
  };

  return {
    store,
    say: (note: string | undefined) => setState({ note }),
    look(of: HistoryState['of']): void {
      setState({ of, is: 'new', ...NOTHING });
      void read(false);
    },
    refresh: () => read(false),
    more: () => read(true),

    async remove(what: Removal): Promise<ApiError | undefined> {
      const answer = await ask<Deleted>(() =>
        what.is === 'user' ? api.deleteUser(node, what.id) : what.is === 'session' ? api.deleteSession(node, what.id) : api.reset(node),
      );
      if (!answer.ok) return answer.error;
      const { records, messages, usage } = answer.value;
      const told = records + messages === 0 ? 'There was nothing to remove.' : `Removed ${count(records, 'record')} and ${count(messages, 'message')}.`;
      setState({ note: `${told} It took ${charge(usage)}.` });
      void read(false);
      return undefined;
    },
  };
}
