import { expect, test, vi } from 'vitest';
import type { Answer } from '../api/client';
import type { MemoryApi, Recent, StoredTurn } from '../api/memory';
import { NO_USAGE } from '../run/words';
import { createMemory, nextStep } from './store';

const turn = (at: number): StoredTurn => ({ position: String(at), messages: [{ role: 'user', content: `message ${at}` }] });
const turnsTo = (last: number, from = 0) => Array.from({ length: last - from }, (_, at) => turn(from + at));
const ONE = { ...NO_USAGE, requests: 1, read_units: 1 };
const ok = <T>(value: T): Promise<Answer<T>> => Promise.resolve({ ok: true, value });

function backend(turns: StoredTurn[]) {
  const recent = (last: number): Recent => ({
    turns: turns.slice(-last), state: turns.length > 0 ? 'present' : 'empty', complete: last >= turns.length, unreadable: [], notes: [], usage: ONE,
  });
  return {
    capabilities: vi.fn(() => ok({ layout: 't', flat_cost: true, dedupe: 'exact', sessions: 'newest_first', expiry: false, scopes: true, notes: false, delete_message: true, edit_message: true })),
    sessions: vi.fn((_: unknown, __: number, page?: string) => ok({ sessions: [{ session: page ?? 'a' }], ...(page === undefined && { next: 'b' }), usage: ONE })),
    turns: vi.fn((_: unknown, __: string, last: number) => ok(recent(last))),
    allTurns: vi.fn((_: unknown, __: string, onPage: (page: { turns: StoredTurn[]; unreadable: []; usage: typeof ONE }) => void) => {
      onPage({ turns: turns.slice(0, 2_000), unreadable: [], usage: ONE });
      onPage({ turns: turns.slice(2_000), unreadable: [], usage: ONE });
      return ok(undefined);
    }),
    rows: vi.fn(() => ok({ records: [{ key: 'k', raw: {}, bytes: 2 }], usage: ONE })),
    clear: vi.fn(() => ok({ turns: turns.splice(0).length, messages: 0, usage: ONE })),
    deleteMessage: vi.fn(() => ok({ usage: ONE })),
    editMessage: vi.fn(() => ok({ usage: ONE })),
  } satisfies Record<keyof MemoryApi, unknown>;
}

async function opened(turns: StoredTurn[]) {
  const api = backend(turns);
  const before = vi.fn(() => Promise.resolve());
  const changed = vi.fn();
  const memory = createMemory({ flow: 'f', node: 'n' }, api as unknown as MemoryApi, before, changed);
  memory.watch();
  memory.open('a');
  await settled(memory);
  return { api, memory, before, changed };
}

async function settled({ store }: ReturnType<typeof createMemory>) {
  await vi.waitFor(() => {
    const { open, list } = store.getState();
    if (open?.is === 'loading' || list.is === 'loading' || open?.rows.is === 'loading') throw new Error('busy');
  });
}

test('the flow is saved before the host is asked, and each answer’s cost is counted', async () => {
  const { memory, before, api } = await opened(turnsTo(3));
  expect(before.mock.invocationCallOrder[0]).toBeLessThan(api.sessions.mock.invocationCallOrder[0] ?? 0);
  expect(memory.store.getState().looked).toMatchObject({ requests: 2, read_units: 2 });
  await memory.moreSessions();
  expect(memory.store.getState().list.entries.map(({ session }) => session)).toEqual(['a', 'b']);
  expect(memory.store.getState().list.next).toBeUndefined();
});

test('older turns come in steps, and all of them as a stream', async () => {
  const { memory, api } = await opened(turnsTo(5_000));
  const read = () => memory.store.getState().open?.read;
  expect([read()?.turns.length, read()?.complete]).toEqual([50, false]);
  await memory.readOlder();
  expect(read()?.turns.length).toBe(250);
  await memory.readOlder();
  expect([read()?.turns.length, nextStep(read())]).toEqual([1_000, undefined]);
  const all = await memory.readAll();
  expect([all?.length, read()?.complete, all?.[4_999]?.position]).toEqual([5_000, true, '4999']);
  await memory.readAll();
  expect(api.allTurns).toHaveBeenCalledTimes(1);
});

test('after a run only the newest turns are read, and what was read before stays', async () => {
  const turns = turnsTo(300);
  const { memory, api } = await opened(turns);
  await memory.readAll();
  turns.push(turn(300));
  memory.noteStored({ flow: 'f', node: 'n', session: 'a', usage: { ...ONE, write_units: 4 } });
  await settled(memory);
  expect(api.turns.mock.lastCall?.[2]).toBe(50);
  const { open, talked, lastTurn } = memory.store.getState();
  expect(open?.read?.turns.map(({ position }) => position)).toEqual(turns.map(({ position }) => position));
  expect(open?.read?.complete).toBe(true);
  expect([talked.write_units, lastTurn?.write_units]).toEqual([4, 4]);
});

test('nothing is read while nobody looks; then, once', async () => {
  const turns = turnsTo(3);
  const api = backend(turns);
  const memory = createMemory({ flow: 'f', node: 'n' }, api as unknown as MemoryApi, () => Promise.resolve());
  const leave = memory.watch();
  memory.open('a');
  await settled(memory);
  leave();
  turns.push(turn(3));
  memory.noteStored({ flow: 'f', node: 'n', session: 'a' });
  memory.noteStored({ flow: 'f', node: 'n', session: 'a' });
  await Promise.resolve();
  expect(api.turns).toHaveBeenCalledTimes(1);
  memory.watch();
  await settled(memory);
  expect(api.turns).toHaveBeenCalledTimes(2);
  expect(memory.store.getState().open?.read?.turns.length).toBe(4);
});

test('where the newest turns do not meet what was read before, nothing is made up', async () => {
  const turns = turnsTo(60);
  const { memory } = await opened(turns);
  await memory.readAll();
  turns.push(...turnsTo(160, 60));
  memory.noteStored({ flow: 'f', node: 'n', session: 'a' });
  await settled(memory);
  const read = memory.store.getState().open?.read;
  expect([read?.turns.length, read?.turns[0]?.position, read?.complete]).toEqual([50, '110', false]);
});

test('the session of a run comes to its place in the list, at no cost', async () => {
  const { memory, api } = await opened([]);
  memory.noteStored({ flow: 'f', node: 'n', session: 'new one' }, 7);
  expect(memory.store.getState().list.entries).toEqual([{ session: 'new one', last_active_epoch_secs: 7 }, { session: 'a' }]);
  expect(api.sessions).toHaveBeenCalledTimes(1);
});

test('an answer that comes after another session was opened touches nothing', async () => {
  const { memory, api } = await opened(turnsTo(3));
  let answer: (value: Answer<Recent>) => void = () => undefined;
  api.turns.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)) as never);
  memory.open('slow');
  await vi.waitFor(() => expect(api.turns).toHaveBeenCalledTimes(2));
  memory.open('a');
  await settled(memory);
  answer({ ok: true, value: { turns: [turn(99)], state: 'present', complete: true, unreadable: [], notes: [], usage: ONE } });
  await Promise.resolve();
  expect(memory.store.getState().open?.read?.turns.length).toBe(3);
});

test('what fails stays beside what was read, and its cost counts too', async () => {
  const { memory, api } = await opened(turnsTo(3));
  api.turns.mockImplementationOnce((() => Promise.resolve({ ok: false, error: { kind: 'denied', message: 'no', status: 424, usage: ONE } })) as never);
  await memory.refresh();
  const { open, looked } = memory.store.getState();
  expect([open?.error?.kind, open?.read?.turns.length, looked.requests]).toEqual(['denied', 3, 3]);
});

test('clearing tells what went and shows what is left', async () => {
  const { memory, changed } = await opened(turnsTo(3));
  const answer = await memory.clear();
  expect(changed).toHaveBeenCalledTimes(1);
  expect(answer.ok && answer.value.turns).toBe(3);
  expect(memory.store.getState().open?.read).toMatchObject({ state: 'empty', turns: [] });
  expect(memory.store.getState().list.entries).toEqual([]);
});
