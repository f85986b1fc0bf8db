import { createStore } from 'zustand/vanilla';
import type { Answer, ApiError } from '../api/client';
import type { Fact, FactChange, FactPage, GraphApi, GraphRef, Hit, NewFact, NewRelation, Recorded, Relation } from '../api/graph';
import type { Unreadable, Usage } from '../api/memory';
import { charge } from '../memory/format';
import { count, NO_USAGE, plus } from '../run/words';

export interface GraphState {
  list: FactList;
  /** What is looked for, and what was found; the list's place is taken by it. */
  found: Found | undefined;
  /** Everything that was read, by id. */
  facts: ReadonlyMap<string, Fact>;
  relations: ReadonlyMap<string, Relation>;
  /** The facts whose relations are all here. */
  explored: ReadonlySet<string>;
  exploring: boolean;
  /** The first page, and what is near its newest facts, is being read. */
  beginning: boolean;
  /** Why relations could not be read, or that a limit left some out. */
  problem: ApiError | undefined;
  truncated: boolean;
  unreadable: readonly Unreadable[];
  selected: string | undefined;
  usage: Usage;
  /** What was done last, to be read out. */
  note: string | undefined;
}

export interface FactList {
  is: 'new' | 'loading' | 'ready';
  ids: readonly string[];
  next: string | undefined;
  error: ApiError | undefined;
}

export interface Found {
  text: string;
  is: 'loading' | 'ready';
  hits: readonly Hit[];
  truncated: boolean;
  error: ApiError | undefined;
}

export const PAGE = 50;
const MOST_HITS = 30;
/** How far around a fact is looked, and for how many facts: at first, so that there is something to see, and when it is opened. */
const FIRST_LOOK = { depth: 3, facts: 60 };
const OPENING = { depth: 1, facts: 200 };
/** How often it is looked around a fact that nothing so far led to, before anybody asks. */
const FIRST_ROUNDS = 5;

const NO_LIST: FactList = { is: 'new', ids: [], next: undefined, error: undefined };

export type GraphStore = ReturnType<typeof createGraph>;

/** What one graph node keeps, as far as it was read. `before` is waited for before each call: the host reads the saved flow. */
export function createGraph(node: GraphRef, api: GraphApi, before: () => Promise<void>) {
  const store = createStore<GraphState>(() => ({
    list: NO_LIST,
    found: undefined,
    facts: new Map(),
    relations: new Map(),
    explored: new Set(),
    exploring: false,
    beginning: false,
    problem: undefined,
    truncated: false,
    unreadable: [],
    selected: undefined,
    usage: NO_USAGE,
    note: undefined,
  }));
  const { getState, setState } = store;

  const ask = async <T extends { usage: Usage }>(call: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    await before();
    const answer = await call();
    const usage = answer.ok ? answer.value.usage : answer.error.usage;
    if (usage) setState((state) => ({ usage: plus(state.usage, usage) }));
    return answer;
  };
  const take = (facts: readonly Fact[], relations: readonly Relation[] = []) =>
    setState((state) => ({
      facts: new Map([...state.facts, ...facts.map((fact) => [fact.id, fact] as const)]),
      relations: new Map([...state.relations, ...relations.map((relation) => [relation.id, relation] as const)]),
    }));
  const setList = (list: Partial<FactList>) => setState((state) => ({ list: { ...state.list, ...list } }));
  const told = (unreadable: readonly Unreadable[]) =>
    setState((state) => {
      const known = new Set(state.unreadable.map(({ key }) => key));
      const more = unreadable.filter(({ key }) => !known.has(key));
      return more.length === 0 ? {} : { unreadable: [...state.unreadable, ...more] };
    });

  const list = async (more: boolean): Promise<FactPage | undefined> => {
    const { list: now } = getState();
    if (now.is === 'loading') return undefined;
    setList({ is: 'loading', error: undefined });
    const answer = await ask(() => api.list(node, PAGE, more ? now.next : undefined));
    if (!answer.ok) {
      setList({ is: 'ready', error: answer.error });
      return undefined;
    }
    const { nodes, next, unreadable } = answer.value;
    take(nodes);
    told(unreadable);
    const ids = nodes.map(({ id }) => id);
    setList({ is: 'ready', next: next ?? undefined, ids: more ? [...new Set([...now.ids, ...ids])] : ids });
    return answer.value;
  };

  /** Whether all that was looked for is here. */
  const explore = async (id: string, { depth, facts: most } = OPENING): Promise<boolean> => {
    setState({ exploring: true, problem: undefined });
    const answer = await ask(() => api.neighbourhood(node, id, depth, most));
    setState({ exploring: false });
    if (!answer.ok) {
      setState({ problem: answer.error });
      return false;
    }
    const { nodes, edges, dangling, unreadable, truncated } = answer.value;
    take(nodes.map(({ node: fact }) => fact), [...edges, ...dangling]);
    told(unreadable);
    const cut = truncated != null;
    const whole = cut ? [] : nodes.filter((near) => near.depth < depth).map(({ node: fact }) => fact.id);
    setState((state) => ({ truncated: cut, explored: new Set([...state.explored, ...whole, id]) }));
    return !cut;
  };

  /** The newest facts of the first page with what is near them. */
  const exploreFirst = async ({ nodes }: FactPage) => {
    const newest = [...nodes].sort((left, right) => changedAt(right) - changedAt(left));
    for (let round = 0; round < FIRST_ROUNDS; round++) {
      const next = newest.find(({ id }) => !getState().explored.has(id));
      if (!next || !(await explore(next.id, FIRST_LOOK))) return;
    }
  };

  const begin = async () => {
    setState({ beginning: true });
    const page = await list(false);
    if (page) await exploreFirst(page);
    setState({ beginning: false });
  };

  const done = (note: string, { usage, unrecorded }: Recorded) =>
    setState({ note: `${note} It took ${charge(usage)}.${unrecorded ? ` The history did not take note of it: ${unrecorded.message}` : ''}` });

  return {
    store,
    say: (note: string | undefined) => setState({ note }),

    /** Reads what the view begins with, once. */
    begin(): void {
      if (getState().list.is === 'new') void begin();
    },
    async refresh(): Promise<void> {
      setState({ facts: new Map(), relations: new Map(), explored: new Set(), unreadable: [], problem: undefined });
      const { selected, found } = getState();
      await begin();
      if (selected !== undefined) await explore(selected);
      if (found) await this.search(found.text);
      if (selected !== undefined && !getState().facts.has(selected)) setState({ selected: undefined });
    },
    more: () => list(true),

    async search(text: string): Promise<void> {
      if (text.trim() === '') return setState({ found: undefined });
      const nothing: Found = { text, is: 'loading', hits: getState().found?.hits ?? [], truncated: false, error: undefined };
      setState({ found: nothing });
      const answer = await ask(() => api.search(node, text, MOST_HITS));
      if (getState().found?.text !== text) return;
      if (!answer.ok) return setState({ found: { ...nothing, is: 'ready', hits: [], error: answer.error } });
      const { hits, truncated, unreadable } = answer.value;
      take(hits.map((hit) => hit.node));
      told(unreadable);
      setState({ found: { ...nothing, is: 'ready', hits, truncated } });
    },

    /** Shows a fact, and reads what is near it. */
    select(id: string | undefined): void {
      setState({ selected: id });
      if (id !== undefined && !getState().explored.has(id)) void explore(id);
    },

    async put(fact: NewFact): Promise<ApiError | undefined> {
      const answer = await ask(() => api.put(node, fact));
      if (!answer.ok) return answer.error;
      const { node: put, created } = answer.value;
      take([put]);
      setState((state) => ({ selected: put.id, list: { ...state.list, ids: [put.id, ...state.list.ids.filter((id) => id !== put.id)] } }));
      done(created ? `“${put.id}” is added.` : `“${put.id}” was there already, and is as it was.`, answer.value);
      void explore(put.id);
      return undefined;
    },

    async change(id: string, change: FactChange): Promise<ApiError | undefined> {
      const answer = await ask(() => api.change(node, id, change));
      if (!answer.ok) return answer.error;
      take([answer.value.node]);
      done(`“${id}” is changed.`, answer.value);
      return undefined;
    },

    async remove(id: string): Promise<ApiError | undefined> {
      const answer = await ask(() => api.remove(node, id));
      if (!answer.ok) return answer.error;
      setState((state) => ({
        facts: new Map([...state.facts].filter(([other]) => other !== id)),
        relations: new Map([...state.relations].filter(([, { source, target }]) => source !== id && target !== id)),
        list: { ...state.list, ids: state.list.ids.filter((other) => other !== id) },
        found: state.found && { ...state.found, hits: state.found.hits.filter((hit) => hit.node.id !== id) },
        selected: state.selected === id ? undefined : state.selected,
      }));
      const { existed, edges } = answer.value;
      done(existed ? `“${id}” is removed, with ${count(edges, 'relation')}.` : `“${id}” was not there any more.`, answer.value);
      return undefined;
    },

    async link(relation: NewRelation): Promise<ApiError | undefined> {
      const answer = await ask(() => api.link(node, relation));
      if (!answer.ok) return answer.error;
      const { edge, duplicate } = answer.value;
      take([], [edge]);
      done(duplicate ? 'They were related so already.' : 'The relation is added.', answer.value);
      if (!getState().facts.has(edge.target)) void explore(edge.target);
      return undefined;
    },

    async unlink(relation: Relation): Promise<ApiError | undefined> {
      const answer = await ask(() => api.unlink(node, relation));
      if (!answer.ok) return answer.error;
      setState((state) => ({ relations: new Map([...state.relations].filter(([id]) => id !== relation.id)) }));
      done(answer.value.existed ? 'The relation is removed.' : 'The relation was not there any more.', answer.value);
      return undefined;
    },
  };
}

export function changedAt({ updated_at_epoch_secs: updated, created_at_epoch_secs: created }: Fact): number {
  return updated ?? created ?? 0;
}

/** The relations of a fact, outgoing first. */
export function relationsOf(relations: ReadonlyMap<string, Relation>, id: string): readonly Relation[] {
  const own = [...relations.values()].filter(({ source, target }) => source === id || target === id);
  return own.sort((left, right) => Number(right.source === id) - Number(left.source === id) || left.relationship_type.localeCompare(right.relationship_type));
}
