import { beforeEach, expect, test } from 'vitest';
import type { Answer } from '../api/client';
import type { Fact, GraphApi, Relation } from '../api/graph';
import { NO_USAGE } from '../run/words';
import { createGraph } from './store';

const usage = { ...NO_USAGE, requests: 1, read_units: 1 };
const fact = (id: string, at = 0): Fact => ({ id, content: `about ${id}`, created_at_epoch_secs: at });
const relation = (source: string, target: string): Relation => ({ id: `${source}-${target}`, source, relationship_type: 'knows', target });
const ok = <T>(value: T): Promise<Answer<T>> => Promise.resolve({ ok: true, value });
const settle = () => new Promise((done) => setTimeout(done, 0));

/** a → b → c, and d by itself. */
const FACTS = [fact('a', 4), fact('b', 3), fact('c', 2), fact('d', 1)];
const RELATIONS = [relation('a', 'b'), relation('b', 'c')];
let asked: string[];
let api: GraphApi;

beforeEach(() => {
  asked = [];
  const note = (what: string) => asked.push(what);
  api = {
    list: (_, limit, page) => {
      note(`list ${page ?? ''}`);
      return ok({ nodes: page === undefined ? FACTS.slice(0, 3) : FACTS.slice(3), unreadable: [], next: page === undefined ? 'rest' : null, usage: { ...usage, requests: limit > 0 ? 1 : 0 } });
    },
    search: (_, text) => {
      note(`search ${text}`);
      return ok({ hits: FACTS.filter(({ id }) => id === text).map((node) => ({ node, by_name: true, words: [] })), unreadable: [], truncated: false, usage });
    },
    neighbourhood: (_, id, depth) => {
      note(`near ${id} ${depth}`);
      if (id === 'd') return ok({ nodes: [{ node: fact('d'), depth: 0 }], edges: [], dangling: [], unreadable: [], usage });
      return ok({ nodes: [fact('a'), fact('b'), fact('c')].map((node, at) => ({ node, depth: at })), edges: RELATIONS, dangling: [], unreadable: [], usage });
    },
    put: (_, { id, content }) => ok({ node: { id, content }, created: true, usage }),
    change: (_, id, { content }) => ok({ node: { ...fact(id), content: content ?? '' }, usage }),
    remove: () => ok({ existed: true, edges: 2, unreadable: [], usage }),
    link: (_, { source, target }) => ok({ edge: relation(source, target), duplicate: false, usage }),
    unlink: () => ok({ existed: true, usage }),
  };
});

const open = async () => {
  const graph = createGraph({ flow: 'f', node: 'n' }, api, () => Promise.resolve());
  graph.begin();
  graph.begin();
  await settle();
  return graph;
};

test('it begins with a page and with what is near its newest facts, and reads nothing twice', async () => {
  const graph = await open();
  expect(asked).toEqual(['list ', 'near a 3']);
  expect([...graph.store.getState().facts.keys()]).toEqual(['a', 'b', 'c']);
  expect([...graph.store.getState().relations.keys()]).toEqual(['a-b', 'b-c']);
  expect(graph.store.getState().usage.requests).toBe(2);
  graph.select('a');
  await settle();
  expect(asked).toHaveLength(2);
  await graph.more();
  expect(graph.store.getState().list).toMatchObject({ ids: ['a', 'b', 'c', 'd'], next: undefined });
  graph.select('d');
  await settle();
  expect(asked.at(-1)).toBe('near d 1');
});

test('a fact that is deleted takes its relations along, and says how many', async () => {
  const graph = await open();
  graph.select('b');
  expect(await graph.remove('b')).toBeUndefined();
  const { facts, relations, selected, note, list } = graph.store.getState();
  expect([facts.has('b'), relations.size, selected, list.ids]).toEqual([false, 0, undefined, ['a', 'c']]);
  expect(note).toBe('“b” is removed, with 2 relations. It took 1 read unit.');
});

test('what is added, related and changed shows at once', async () => {
  const graph = await open();
  await graph.put({ id: 'e', content: 'new', metadata: undefined });
  expect(graph.store.getState()).toMatchObject({ selected: 'e', list: { ids: ['e', 'a', 'b', 'c'] } });
  await graph.link({ source: 'e', relationship_type: 'knows', target: 'a' });
  expect(graph.store.getState().relations.has('e-a')).toBe(true);
  await graph.change('e', { content: 'newer' });
  expect(graph.store.getState().facts.get('e')?.content).toBe('newer');
  await graph.unlink(relation('e', 'a'));
  expect(graph.store.getState().relations.has('e-a')).toBe(false);
});

test('an older search does not come over a newer one, and an error keeps what is there', async () => {
  const graph = await open();
  let late: (() => void) | undefined;
  const { search } = api;
  api.search = async (memory, text, limit) => {
    if (text === 'a') await new Promise<void>((done) => (late = done));
    return search(memory, text, limit);
  };
  const first = graph.search('a');
  await settle();
  await graph.search('b');
  late?.();
  await first;
  expect(graph.store.getState().found).toMatchObject({ text: 'b', hits: [{ node: { id: 'b' } }] });
  api.search = () => Promise.resolve({ ok: false, error: { kind: 'unavailable', message: 'gone', status: 503 } });
  await graph.search('c');
  expect(graph.store.getState().found?.error?.message).toBe('gone');
  expect(graph.store.getState().facts.size).toBe(3);
  await graph.search('  ');
  expect(graph.store.getState().found).toBeUndefined();
});
