import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import type { Answer, ApiError } from '../api/client';
import type { Capabilities, MemoryApi, Recent } from '../api/memory';
import { createView, PageProvider, type Page } from '../page';
import { NO_USAGE } from '../run/words';
import { MemoryView } from './MemoryView';
import { createMemory } from './store';

const USAGE = { ...NO_USAGE, requests: 1, read_units: 0.5 };
const CAPABILITIES: Capabilities = {
  layout: 't', flat_cost: true, dedupe: 'exact', sessions: 'unordered', expiry: true, scopes: true, notes: true, delete_message: false, edit_message: false,
};
const TALK: Recent = {
  state: 'present',
  complete: true,
  unreadable: [],
  notes: [],
  usage: USAGE,
  turns: [{ position: '1', expires_at_epoch_secs: Math.floor(Date.now() / 1_000) + 6 * 86_400 + 60, messages: [{ role: 'user', content: 'Hi <script>alert(1)</script>' }, { role: 'assistant', content: '**Hello** Collin' }] }],
};

interface Told {
  recent?: Partial<Recent>;
  sessions?: string[];
  next?: string;
  capabilities?: Partial<Capabilities>;
  error?: ApiError;
}

function show({ recent, sessions = ['anna', 'collin'], next, capabilities, error }: Told = {}) {
  const answer = <T,>(value: T): Promise<Answer<T>> => Promise.resolve(error ? { ok: false, error } : { ok: true, value });
  const api = {
    capabilities: vi.fn(() => answer({ ...CAPABILITIES, ...capabilities })),
    sessions: vi.fn(() => answer({ sessions: sessions.map((session) => ({ session })), ...(next !== undefined && { next }), usage: USAGE })),
    turns: vi.fn((..._: unknown[]) => answer({ ...TALK, ...recent })),
    rows: vi.fn(() => answer({ records: [{ key: 'pk#1', raw: { n: { N: '7' } }, bytes: 320_000, limit_bytes: 409_600, expires_at_epoch_secs: 1 }], usage: USAGE })),
    clear: vi.fn((..._: unknown[]) => answer({ turns: 1, messages: 2, usage: { ...NO_USAGE, requests: 1, write_units: 2 } })),
    deleteMessage: vi.fn((..._: unknown[]) => answer({ usage: USAGE })),
    editMessage: vi.fn((..._: unknown[]) => answer({ usage: USAGE })),
  };
  const memory = createMemory({ flow: 'f', node: 'n' }, api as unknown as MemoryApi, () => Promise.resolve());
  const view = createView();
  render(
    <PageProvider value={{ view } as Page}>
      <MemoryView memory={memory} onEnlarge={() => undefined} />
    </PageProvider>,
  );
  memory.watch();
  return { api, memory, view };
}

afterEach(cleanup);
// Nothing is laid out here, so that nothing is ever seen to be far away.
vi.stubGlobal('IntersectionObserver', undefined);

test('an empty store says how to begin', async () => {
  show({ sessions: [] });
  expect(await screen.findByText('Nothing is stored yet')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Open the chat' })).toBeTruthy();
});

test('sessions are found by typing, and one that is not listed is opened by its id', async () => {
  const { memory } = show({ next: 'more' });
  await screen.findByRole('option', { name: 'anna' });
  expect(screen.getByText('2 sessions, in the store’s order')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Load up to 50 more · about 0.5 read units' })).toBeTruthy();
  const field = screen.getByLabelText('Find a session, or type its id');
  fireEvent.change(field, { target: { value: 'COLL' } });
  expect(screen.getAllByRole('option').map(({ textContent }) => textContent)).toEqual(['collin']);
  fireEvent.change(field, { target: { value: 'Zoë' } });
  expect(screen.queryByRole('option')).toBeNull();
  fireEvent.keyDown(field, { key: 'Enter' });
  expect(memory.store.getState().open?.id).toBe('Zoë');
});

test('the list is walked by keyboard', async () => {
  const { memory } = show();
  const first = await screen.findByRole('option', { name: 'anna' });
  expect(first.tabIndex).toBe(0);
  first.focus();
  fireEvent.keyDown(first, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toBe('collin');
  fireEvent.keyDown(document.activeElement as Element, { key: 'Enter' });
  expect(memory.store.getState().open?.id).toBe('collin');
  await waitFor(() => expect(document.activeElement?.textContent).toBe('collin'));
});

test.each([
  ['new', 'Nothing is stored under this id'],
  ['empty', 'This session is empty'],
  ['expired', 'This session has expired'],
  ['present', 'No message can be shown'],
] as const)('a session that is %s says so', async (state, told) => {
  const { memory } = show({ recent: { state, turns: [], unreadable: state === 'present' ? [{ key: 'turn#1', reason: 'is no JSON' }] : [] } });
  memory.open('anna');
  expect(await screen.findByText(told)).toBeTruthy();
  if (state === 'present') expect(screen.getByText('1 row can’t be read').closest('details')?.textContent).toContain('turn#1is no JSON');
});

test('messages are shown by role, as markdown or as they are, and markup in them is text', async () => {
  const { memory } = show({ recent: { fill: { bytes: 320_000, limit_bytes: 409_600 } } });
  memory.open('anna');
  const [user, assistant] = await screen.findAllByRole('article');
  expect(user?.textContent).toContain('Hi <script>alert(1)</script>');
  expect(user?.querySelector('script')).toBeNull();
  expect(assistant?.querySelector('strong')?.textContent).toBe('Hello');
  expect(screen.getByText(/^Expires in 6 days, /u)).toBeTruthy();
  expect(screen.getByText('312.5 KB of 400 KB').closest('.size-bar')?.textContent).toContain('Nearly full');
  fireEvent.click(screen.getByRole('button', { name: 'Plain' }));
  expect(screen.getAllByRole('article')[1]?.textContent).toContain('**Hello** Collin');
});

test('search tells how many messages hold the words', async () => {
  const { memory } = show();
  memory.open('anna');
  const field = await screen.findByLabelText('Search in the session');
  fireEvent.change(field, { target: { value: 'H' } });
  expect(await screen.findByText('2 of 2')).toBeTruthy();
  fireEvent.keyDown(field, { key: 'Enter' });
  expect(screen.getByText('1 of 2')).toBeTruthy();
  expect(document.querySelector('[data-current=true]')?.textContent).toContain('Hi');
  fireEvent.change(field, { target: { value: 'nowhere' } });
  expect(screen.getByText('none')).toBeTruthy();
});

test('rows are shown as stored, with size and expiry', async () => {
  const { memory } = show();
  memory.open('anna');
  fireEvent.click(await screen.findByRole('button', { name: 'As stored' }));
  const row = await screen.findByRole('article', { name: 'Row pk#1' });
  expect(row.textContent).toContain('312.5 KB of 400 KB');
  expect(row.textContent).toMatch(/Expired .* years ago/u);
  expect(row.querySelector('.json')?.textContent).toContain('n: { N: "7" }');
});

test('a message can be changed and removed only where the store can do it', async () => {
  const { memory } = show();
  memory.open('anna');
  const open = async () => fireEvent.click((await screen.findAllByRole('button', { name: 'What can be done with it' }))[1] as Element);
  await open();
  expect(screen.getAllByRole('menuitem', { hidden: true }).map(({ textContent }) => textContent)).toEqual(['Copy the text', 'Copy as JSON']);
  cleanup();

  const able = show({ capabilities: { edit_message: true, delete_message: true } });
  able.memory.open('anna');
  await waitFor(() => expect(able.memory.store.getState().capabilities?.edit_message).toBe(true));
  await open();
  fireEvent.click(screen.getByText('Edit…'));
  fireEvent.change(screen.getByLabelText('Text of the message'), { target: { value: 'Hello Anna' } });
  fireEvent.click(screen.getByText('Save'));
  await waitFor(() => expect(able.api.editMessage).toHaveBeenCalled());
  expect(able.api.editMessage.mock.lastCall?.slice(1)).toEqual(['anna', { position: '1', turn_id: null, index: 1 }, { role: 'assistant', content: 'Hello Anna' }]);
  expect(await screen.findByText('The message is changed.')).toBeTruthy();
});

test('clearing says what will go, and what went', async () => {
  const { memory, api } = show();
  memory.open('anna');
  await screen.findAllByRole('article');
  fireEvent.click(screen.getByRole('button', { name: 'Export, copy, clear' }));
  fireEvent.click(screen.getByText('Clear the session…'));
  expect(screen.getByText(/^2 messages in 1 turn will be removed/u)).toBeTruthy();
  expect(api.clear).not.toHaveBeenCalled();
  fireEvent.click(screen.getByText('Clear it'));
  expect(await screen.findByText('Removed 2 messages in 1 turn. It took 2 write units.')).toBeTruthy();
});

test('an error tells its cause, its facts and the way on', async () => {
  const { api, view } = show({ error: { kind: 'not_found', status: 404, message: 'the table does not exist; create it', context: { table: 'chat' } } });
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain('It is not there. The table does not exist.Create it.');
  expect(alert.textContent).toContain('table chat');
  fireEvent.click(screen.getByRole('button', { name: 'Open the settings' }));
  expect(view.getState().inspectorTab).toBe('settings');
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(api.sessions).toHaveBeenCalledTimes(2));
});

test('the cost is added up', async () => {
  const { memory } = show();
  memory.open('anna');
  await screen.findAllByRole('article');
  memory.noteStored({ flow: 'f', node: 'n', session: 'anna', usage: { ...NO_USAGE, requests: 2, read_units: 0.5, write_units: 2 } });
  await waitFor(() => expect(document.querySelector('.memory-costs summary')?.textContent).toBe('Cost so far2 read units · 2 write units'));
  expect(screen.getByText(/^About 0.5 read units · 2 write units, as the last one/u)).toBeTruthy();
});
