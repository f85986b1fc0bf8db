import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createView, PageProvider, type Page } from '../page';
import { checks } from '../run/checks';
import { CATALOG, FAILURE, FakeHost, FLOW, openRuns, settle } from '../run/fixture';
import { RunTab } from '../run/RunTab';
import { findings } from '../run/status';
import { NO_USAGE } from '../run/words';
import { ChatPanel } from './ChatPanel';

let host: FakeHost;
let opened: Awaited<ReturnType<typeof openRuns>>;

async function show(panel = <ChatPanel />) {
  const view = createView();
  view.setState({ chat: true });
  const page = { catalog: CATALOG, flow: opened.flow, runs: opened.runs, view } as unknown as Page;
  render(<PageProvider value={page}>{panel}</PageProvider>);
  await act(settle);
}

const message = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
const button = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name });
const press = (key: string, more = {}) => fireEvent.keyDown(message(), { key, ...more });
const tell = (what: () => void) =>
  act(async () => {
    what();
    await settle();
  });
const send = async (text: string) => {
  fireEvent.change(message(), { target: { value: text } });
  await tell(() => press('Enter'));
};

beforeEach(async () => {
  host = new FakeHost();
  opened = await openRuns(host);
  checks.setState({ problems: [] });
  findings.setState({ of: {} });
});
afterEach(cleanup);

describe('writing', () => {
  beforeEach(() => show());

  test('Enter sends, also with a modifier; Shift+Enter and an unfinished word do not', async () => {
    fireEvent.change(message(), { target: { value: 'a line' } });
    press('Enter', { shiftKey: true });
    press('Enter', { isComposing: true });
    await act(settle);
    expect(host.started).toHaveLength(0);
    await tell(() => press('Enter', { ctrlKey: true }));
    expect(host.started).toMatchObject([{ message: 'a line' }]);
    expect(message().value).toBe('');
  });

  test('an empty message can’t be sent', async () => {
    await send('   ');
    expect(host.started).toHaveLength(0);
    expect(button('Send').disabled).toBe(true);
  });

  test('what could not be sent stays, with why', async () => {
    host.save = { is: 'offline' };
    await send('keep me');
    expect(message().value).toBe('keep me');
    expect(screen.getByText(/^Not sent: the host does not answer/u)).toBeTruthy();
  });

  test('files are refused in words', () => {
    fireEvent.paste(message(), { clipboardData: { files: [{}] } });
    expect(screen.getByText(/Images and files are not taken/u)).toBeTruthy();
    fireEvent.change(message(), { target: { value: 'text' } });
    expect(screen.queryByText(/Images and files/u)).toBeNull();
  });
});

describe('an answer', () => {
  beforeEach(async () => {
    await show();
    await send('<img src=x onerror=alert(1)>');
  });

  test('streams as text, can be stopped, and is spoken once it is whole', async () => {
    await tell(() => host.tell({ is: 'step', step: { kind: { step: 'loaded', messages: 0, state: 'new', unreadable: 0 }, took_ms: 1, usage: NO_USAGE } }));
    expect(screen.getByRole('status').textContent).toBe('Answering.');
    fireEvent.click(button('Stop'));
    expect(host.stops).toEqual(['run 1']);
    expect(screen.getByText('Stopping…')).toBeTruthy();
    await tell(() => host.end({ stopped: true }, '**bold** <script>alert(1)</script>'));
    expect(screen.getByRole('article').querySelector('img, script')).toBeNull();
    expect(screen.getByRole('article').textContent).toContain('<img src=x onerror=alert(1)>');
    expect(screen.getByRole('article').textContent).toContain('bold <script>alert(1)</script>');
    expect(screen.getByText('You stopped it here.')).toBeTruthy();
    expect(screen.getByRole('status').textContent).toMatch(/^Answer: .* Stopped\.$/u);
  });

  test('tells its steps and tools, each with what it cost', async () => {
    const usage = { ...NO_USAGE, read_units: 0.5 };
    await tell(() => {
      host.tell({ is: 'step', step: { kind: { step: 'loaded', messages: 8, state: 'present', unreadable: 0 }, took_ms: 4, usage } });
      host.tell({ is: 'step', step: { kind: { step: 'tool_called', call_id: 'c', tool: 'convert', arguments: { from: 'km' }, output: 'no such unit\nat all', ok: false }, took_ms: 2, usage: NO_USAGE } });
      const turn = {
        id: 'turn 1',
        messages: [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: null, tool_calls: [{ id: 'c', name: 'convert', arguments: { from: 'km' } }] },
          { role: 'tool', tool_call_id: 'c', content: 'no such unit\nat all' },
          { role: 'assistant', content: 'I can’t.' },
        ],
      };
      host.end({ turn });
    });
    const article = screen.getByRole('article');
    expect(article.textContent).toContain('2 steps · 0.5 read units · 6 ms');
    expect(within(article).getByText('Loaded 8 messages').nextSibling?.textContent).toBe('0.5 read units · 4 ms');
    const tool = article.querySelector('details');
    expect([tool?.open, tool?.querySelector('summary')?.textContent]).toEqual([false, 'convertfailed']);
    expect(tool?.textContent).toContain('"from": "km"');
    fireEvent.click(within(article).getByRole('button', { name: /2 steps/u }));
    expect(within(article).queryByText('Loaded 8 messages')).toBeNull();
  });

  test('that is not stored stays, with cause and next step, and can be stored again', async () => {
    const error = { kind: 'unavailable' as const, message: 'the table can’t be reached; look at the region', retry: 'later' as const, context: { region: 'eu-west-1' }, usage: NO_USAGE };
    await tell(() => host.end({ stored: { state: 'not_stored', error } }, 'Still here.'));
    const alert = screen.getByRole('alert');
    expect(screen.getByText('Still here.')).toBeTruthy();
    expect(alert.textContent).toContain('Not stored. The table can’t be reached.');
    expect(alert.textContent).toContain('Look at the region.');
    expect(alert.textContent).toContain('eu-west-1');
    await tell(() => fireEvent.click(button('Store again')));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('that was cut off says so, and can be asked for again or written anew', async () => {
    await tell(() => host.silence(true));
    expect(screen.getByText(/Waiting for it/u)).toBeTruthy();
    await tell(() => {
      host.silence(false);
      host.restart();
    });
    expect(screen.getByRole('alert').textContent).toContain('Nothing of this turn is stored.');
    expect(button('Try again').disabled).toBe(false);
    await tell(() => fireEvent.click(button('Edit')));
    expect(message().value).toBe('<img src=x onerror=alert(1)>');
    expect(screen.queryByRole('article')).toBeNull();
  });

  test('that was stopped before it began can be asked for again', async () => {
    const turn = { id: 'turn 1', messages: [{ role: 'user', content: 'x' }] };
    await tell(() => host.end({ turn, stopped: true, stored: { state: 'nothing' } }));
    expect(screen.getByText('Stopped before it answered. Nothing is stored.')).toBeTruthy();
    await tell(() => fireEvent.click(button('Ask again')));
    expect(host.started).toHaveLength(2);
  });
});

test('a flow that can’t run shows why in place of the field; the nodes that are named can be gone to, and what was written stays', async () => {
  await show();
  fireEvent.change(message(), { target: { value: 'later' } });
  act(() =>
    checks.setState({
      problems: [
        { code: 'several_chains', level: 'error', message: '`chain` and `other` could each be run; keep one' },
        { code: 'bad_input', level: 'error', node: 'memory', message: 'fill in the table' },
        { code: 'bad_input', level: 'warning', node: 'tool', message: 'not used' },
      ],
    }),
  );
  expect(screen.queryByRole('textbox', { name: 'Message' })).toBeNull();
  expect(screen.getAllByRole('listitem')).toHaveLength(2);
  fireEvent.click(button('someChain'));
  expect([...opened.flow.getState().selectedNodes]).toEqual(['chain']);
  act(() => checks.setState({ problems: [] }));
  expect(message().value).toBe('later');
});

test('the memory is read when the chat is shown, and not before', async () => {
  opened = await openRuns(host, undefined, undefined, FLOW, false);
  host.reads = 0;
  await act(settle);
  expect(host.reads).toBe(0);
  host.put(opened.runs.getState().conversation.chat, 't', [{ role: 'user', content: 'old' }]);
  await show();
  expect(host.reads).toBe(1);
  expect(screen.getByRole('article').textContent).toContain('old');
});

test('a memory that can’t be read is told, and read again', async () => {
  host.refuseTurns = { ...FAILURE, message: 'no such table' };
  opened = await openRuns(host);
  await show();
  expect(screen.getByRole('alert').textContent).toContain('What is stored can’t be shown. No such table.');
  host.refuseTurns = undefined;
  await tell(() => fireEvent.click(button('Try again')));
  expect(screen.queryByRole('alert')).toBeNull();
});

test('the Run tab tells what the newest run did in a node, and the sums of the window', async () => {
  const memory = FLOW.nodes.find(({ id }) => id === 'memory')!;
  const tab = () => show(<RunTab node={memory} declaration={CATALOG.node('someMemory')!} />);
  await tab();
  expect(screen.getByText('Not run yet in this window.')).toBeTruthy();
  cleanup();
  opened.runs.commands.write('hi');
  await opened.runs.commands.send();
  await settle();
  host.tell({ is: 'step', step: { kind: { step: 'stored', duplicate: false }, took_ms: 9, usage: { ...NO_USAGE, write_units: 2, requests: 1 } } });
  host.end();
  await tab();
  expect(screen.getByText('Stored the turn').nextSibling?.textContent).toBe('2 write units · 9 ms');
  const sums = within(screen.getByRole('region', { name: 'This window' }));
  expect(sums.getByText('Write units').nextSibling?.textContent).toBe('2');
  expect(sums.queryByText('Read units')).toBeNull();
});
