import { beforeEach, expect, test } from 'vitest';
import type { Answer } from '../api/client';
import type { HistoryApi, HistoryRecord } from '../api/history';
import { NO_USAGE } from '../run/words';
import { createHistory } from './store';

const usage = { ...NO_USAGE, requests: 1, read_units: 1 };
const ok = <T>(value: T): Promise<Answer<T>> => Promise.resolve({ ok: true, value });
const settle = () => new Promise((done) => setTimeout(done, 0));
const record = (sequence: number): HistoryRecord => ({ id: `r${sequence}`, sequence, user: 'ada', memory_id: 'm', new_memory: `text ${sequence}`, event: 'ADD', created_at: '2026-01-01T00:00:00Z', is_deleted: false });

let asked: string[];
let api: HistoryApi;

beforeEach(() => {
  asked = [];
  api = {
    records: (_, id, __, page) => {
      asked.push(`records ${id} ${page ?? ''}`);
      return ok({ records: [record(page === undefined ? 1 : 2)], unreadable: [], next: page === undefined ? 'rest' : null, usage });
    },
    messages: (_, scope) => {
      asked.push(`messages ${scope}`);
      return ok({ messages: [], usage });
    },
    deleteUser: () => ok({ records: 2, messages: 1, usage }),
    deleteSession: () => ok({ records: 0, messages: 0, usage }),
    reset: () => Promise.resolve({ ok: false, error: { kind: 'unavailable', message: 'gone', status: 503 } }),
  };
});

test('nothing is read before somebody asks; pages come behind one another', async () => {
  const history = createHistory({ flow: 'f', node: 'n' }, api, () => Promise.resolve());
  expect(asked).toEqual([]);
  history.look({ is: 'memory', id: 'm' });
  await settle();
  await history.more();
  const { records, next, usage: spent } = history.store.getState();
  expect(records.map(({ sequence }) => sequence)).toEqual([1, 2]);
  expect([next, spent.requests]).toEqual([undefined, 2]);
  expect(asked).toEqual(['records m ', 'records m rest']);
});

test('an older answer does not come over what is looked at now', async () => {
  const history = createHistory({ flow: 'f', node: 'n' }, api, () => Promise.resolve());
  history.look({ is: 'memory', id: 'm' });
  history.look({ is: 'messages', id: 's' });
  await settle();
  expect(history.store.getState()).toMatchObject({ of: { is: 'messages', id: 's' }, records: [] });
});

test('what was removed is counted, and what failed is told', async () => {
  const history = createHistory({ flow: 'f', node: 'n' }, api, () => Promise.resolve());
  expect(await history.remove({ is: 'user', id: 'ada' })).toBeUndefined();
  expect(history.store.getState().note).toBe('Removed 2 records and 1 message. It took 1 read unit.');
  await history.remove({ is: 'session', id: 's' });
  expect(history.store.getState().note).toBe('There was nothing to remove. It took 1 read unit.');
  expect((await history.remove({ is: 'all' }))?.message).toBe('gone');
});
