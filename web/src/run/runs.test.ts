import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Step } from '../api/runs';
import { isOpen, wordsOf } from './exchange';
import { CATALOG, FAILURE, FakeHost, FLOW, openRuns, settle } from './fixture';
import { partsOf } from './parts';
import { findings } from './status';
import { tellChanged } from './stored';
import { NO_USAGE, stepCosts, stepWords } from './words';

type Opened = Awaited<ReturnType<typeof openRuns>>;
let host: FakeHost;
let page: Opened;

const state = () => page.runs.getState();
const exchanges = () => state().exchanges;
const last = () => exchanges().at(-1)!;
const shown = () => exchanges().map((exchange) => `${exchange.asked} → ${wordsOf(exchange)}`);
const held = (session = state().conversation.chat) => (host.stored.get(session) ?? []).map(({ messages }) => messages.map(({ content }) => content).join(' → '));
const step = (kind: Step['kind'], took_ms = 4, usage = {}): Step => ({ kind, took_ms, usage: { ...NO_USAGE, ...usage } });
const LOADED = step({ step: 'loaded', messages: 8, state: 'present', unreadable: 0 }, 4, { read_units: 0.5 });

async function send(text: string) {
  page.runs.commands.write(text);
  const problem = await page.runs.commands.send();
  await settle();
  return problem;
}

/** Makes the host slow until the test says otherwise. */
function hold(what: 'save' | 'start'): () => void {
  let resolve = () => {};
  host.hold[what] = new Promise<void>((done) => (resolve = done));
  return () => resolve();
}

/** The page is left, and opened again in the same window. */
async function reload() {
  page = await openRuns(host, page.browser, page.windowStorage);
}

beforeEach(async () => {
  vi.useFakeTimers();
  findings.setState({ of: {} });
  host = new FakeHost();
  page = await openRuns(host);
});
afterEach(() => vi.useRealTimers());

describe('a message', () => {
  test('runs the saved flow, streams, and is there once', async () => {
    await send('hi');
    expect(host.saves).toBe(1);
    host.tell({ is: 'step', step: LOADED });
    host.say('An ');
    host.say('answer');
    await vi.advanceTimersByTimeAsync(50);
    expect(last()).toMatchObject({ is: 'running', asked: 'hi', pieces: [{ text: 'An answer' }] });
    host.end();
    expect(shown()).toEqual(['hi → An answer.']);
    expect(last()).toMatchObject({ is: 'answered', stored: { state: 'stored', duplicate: false }, session: { source: 'chat' } });
    expect(held()).toEqual(['hi → An answer.']);
  });

  test.each([
    ['the host is gone', { is: 'offline' }, 'the host does not answer'],
    ['the flow was changed elsewhere', { is: 'elsewhere' }, 'changed elsewhere'],
    ['the flow can’t be saved', { is: 'failed', error: { ...FAILURE, message: 'the disk is full' } }, 'the disk is full'],
  ] as const)('is not sent when %s, and stays written', async (_, save, told) => {
    host.save = save;
    expect(await send('hi')).toContain(told);
    expect(state().draft).toBe('hi');
    expect(exchanges()).toEqual([]);
    expect(host.started).toEqual([]);
    await reload();
    expect(state().draft).toBe('hi');
  });

  test('that is written while the flow is saved is the next one', async () => {
    const release = hold('save');
    page.runs.commands.write('one');
    void page.runs.commands.send();
    page.runs.commands.write('one and two');
    release();
    await settle();
    expect(host.started).toMatchObject([{ message: 'one' }]);
    expect(state().draft).toBe('one and two');
  });

  test('waits for the one before it', async () => {
    await send('one');
    await send('two');
    expect(host.started).toHaveLength(1);
    expect(state().draft).toBe('two');
  });

  test('that could not be answered can be asked again under its turn id, or written anew', async () => {
    await send('hi');
    host.tell({ is: 'failed', error: { kind: 'unavailable', message: 'the model is away', operation: 'answer', retry: 'later', context: {}, usage: NO_USAGE } });
    expect(last()).toMatchObject({ is: 'failed', turnId: 'turn 1' });
    expect(findings.getState().of).toEqual({ model: { is: 'error', text: 'The model is away.' } });
    await page.runs.commands.retry(last().key);
    await settle();
    expect(host.started[1]).toMatchObject({ message: 'hi', turn_id: 'turn 1' });
    host.end();
    expect(shown()).toEqual(['hi → An answer.']);
    expect(findings.getState().of).toEqual({});

    await send('second');
    host.tell({ is: 'failed', error: { ...FAILURE, kind: 'unavailable', retry: 'later', context: {}, usage: NO_USAGE } });
    page.runs.commands.write('third');
    page.runs.commands.takeBack(last().key);
    expect(state().draft).toBe('second\n\nthird');
    expect(exchanges()).toHaveLength(1);
  });
});

describe('a host that is gone', () => {
  test('is waited for, and what was cut off can be asked again without being doubled', async () => {
    await send('hi');
    host.say('An ans');
    await vi.advanceTimersByTimeAsync(50);
    host.silence(true);
    expect(last()).toMatchObject({ is: 'running', waiting: true });
    host.silence(false);
    host.restart();
    await settle();
    expect(last()).toMatchObject({ is: 'lost', turnId: 'turn 1', pieces: [{ text: 'An ans' }] });
    expect(last().waiting).toBeUndefined();
    expect(findings.getState().of).toEqual({});
    await page.runs.commands.retry(last().key);
    await settle();
    host.end();
    expect(host.started[1]?.turn_id).toBe('turn 1');
    expect(shown()).toEqual(['hi → An answer.']);
    expect(held()).toHaveLength(1);
  });

  test('that had stored the turn before it fell has it', async () => {
    await send('hi');
    host.put(state().conversation.chat, 'turn 1', [{ role: 'user', content: 'hi' }, { role: 'assistant', content: 'All of it.' }]);
    host.restart();
    await settle();
    expect(last().is).toBe('answered');
    expect(shown()).toEqual(['hi → All of it.']);
  });

  test('before it could tell the turn’s id: what it kept all the same is found, and not asked twice', async () => {
    host.refuseStart = { kind: 'offline', status: 0, message: 'no answer' };
    await send('hi');
    expect(last()).toMatchObject({ is: 'failed', asked: 'hi' });
    host.refuseStart = undefined;
    host.put(state().conversation.chat, 'turn x', [{ role: 'user', content: 'hi' }, { role: 'assistant', content: 'Kept.' }]);
    await page.runs.commands.retry(last().key);
    await settle();
    expect(shown()).toEqual(['hi → Kept.']);
    expect(host.started).toEqual([]);
  });

  test('before it could take the message: it is asked again, under an id from now on', async () => {
    host.refuseStart = { kind: 'offline', status: 0, message: 'no answer' };
    await send('hi');
    host.refuseStart = undefined;
    await page.runs.commands.retry(last().key);
    await settle();
    expect(host.started[0]?.turn_id).toMatch(/^[0-9a-f]{32}$/u);
  });
});

describe('an answer that is not stored', () => {
  const unstored = { state: 'not_stored' as const, error: { ...FAILURE, kind: 'unavailable' as const, retry: 'later' as const, context: {}, usage: NO_USAGE } };
  beforeEach(async () => {
    await send('hi');
    host.end({ stored: unstored });
  });

  test('stays, says why, and can be stored again', async () => {
    expect(last()).toMatchObject({ is: 'answered', stored: { state: 'not_stored' }, error: { message: FAILURE.message } });
    expect(findings.getState().of['memory']?.is).toBe('error');
    host.refuseStore = { ...FAILURE, message: 'still away' };
    await page.runs.commands.storeAgain(last().key);
    expect(last()).toMatchObject({ stored: { state: 'not_stored' }, error: { message: 'still away' } });
    host.refuseStore = undefined;
    await page.runs.commands.storeAgain(last().key);
    expect(last()).toMatchObject({ stored: { state: 'stored' } });
    expect(last().error).toBeUndefined();
    expect(findings.getState().of).toEqual({});
    expect(held()).toEqual(['hi → An answer.']);
  });

  test('outlives a reload and a new host, which stores it once', async () => {
    host.restart();
    await reload();
    expect(shown()).toEqual(['hi → An answer.']);
    await page.runs.commands.storeAgain(last().key);
    await page.runs.commands.storeAgain(last().key);
    expect(held()).toEqual(['hi → An answer.']);
    await reload();
    expect(shown()).toEqual(['hi → An answer.']);
  });
});

describe('stop', () => {
  test('ends the run, and marks the answer also after a reload', async () => {
    await send('hi');
    page.runs.commands.stop();
    page.runs.commands.stop();
    expect(host.stops).toEqual(['run 1']);
    host.end({ stopped: true });
    expect(last()).toMatchObject({ is: 'answered', stopped: true });
  });

  test('before the host took it, holds as soon as it has', async () => {
    page.runs.commands.write('hi');
    const release = hold('start');
    await page.runs.commands.send();
    page.runs.commands.stop();
    expect(host.stops).toEqual([]);
    release();
    await settle();
    expect(host.stops).toEqual(['run 1']);
  });
});

describe('a reload', () => {
  test('shows what the memory holds, with the trace that this window knows', async () => {
    await send('hi');
    host.tell({ is: 'step', step: LOADED });
    host.end();
    host.put(state().conversation.chat, 'elsewhere', [{ role: 'user', content: 'from another window' }, { role: 'assistant', content: 'yes' }]);
    await reload();
    expect(shown()).toEqual(['hi → An answer.', 'from another window → yes']);
    expect(exchanges().map(({ steps }) => steps.length)).toEqual([1, 0]);
  });

  test('follows the run that goes on, from its start', async () => {
    await send('hi');
    host.say('An ');
    await vi.advanceTimersByTimeAsync(50);
    await reload();
    expect(last()).toMatchObject({ is: 'running', pieces: [] });
    host.say('An answer');
    await vi.advanceTimersByTimeAsync(50);
    host.end();
    expect(shown()).toEqual(['hi → An answer.']);
    expect(held()).toHaveLength(1);
  });

  test('before the host had told the turn’s id finds what it stored all the same', async () => {
    const release = hold('start');
    await send('hi');
    host.put(state().conversation.chat, 'turn x', [{ role: 'user', content: 'hi' }, { role: 'assistant', content: 'Kept.' }]);
    await reload();
    release();
    expect(shown()).toEqual(['hi → Kept.']);
  });

  test('before the host had taken the message says so, and it can be asked again', async () => {
    hold('start');
    await send('hi');
    host.hold = {};
    await reload();
    expect(last()).toMatchObject({ is: 'lost', asked: 'hi' });
    await page.runs.commands.retry(last().key);
    await settle();
    host.end();
    expect(shown()).toEqual(['hi → An answer.']);
  });

  test('does not show what was cleared meanwhile', async () => {
    await send('hi');
    host.end();
    host.stored.clear();
    await reload();
    expect(exchanges()).toEqual([]);
  });

  test('says when the memory can’t be read, and keeps what this window knows', async () => {
    await send('hi');
    host.end();
    host.refuseTurns = { ...FAILURE, message: 'no table' };
    await reload();
    expect(state().history).toMatchObject({ is: 'failed', error: { message: 'no table' } });
    expect(shown()).toEqual(['hi → An answer.']);
  });
});

describe('the session', () => {
  test('is a new one for a new session, and the same for the same browser', async () => {
    await send('hi');
    host.end();
    const { chat } = state().conversation;
    page = await openRuns(host, page.browser);
    expect(state().conversation.chat).toBe(chat);
    page.runs.commands.newSession();
    expect(state().conversation.chat).not.toBe(chat);
    expect(exchanges()).toEqual([]);
  });

  test('chosen by name is read, sent, and can be left', async () => {
    host.put('order 7', 't', [{ role: 'user', content: 'old' }, { role: 'assistant', content: 'known' }]);
    page.runs.commands.useSession('order 7');
    await settle();
    expect(shown()).toEqual(['old → known']);
    await send('more');
    expect(host.started[0]).toMatchObject({ session: 'order 7' });
    host.end();
    page.runs.commands.useSession(undefined);
    await settle();
    expect(exchanges()).toEqual([]);
    expect(state().conversation.recent).toEqual(['order 7']);
  });

  test('that the node names is read without a name; a new one comes before it', async () => {
    const doc = { ...FLOW, nodes: FLOW.nodes.map((node) => (node.id === 'memory' ? { ...node, inputs: { thread: 'desk' } } : node)) };
    host.put('the node’s', 't', [{ role: 'user', content: 'old' }]);
    page = await openRuns(host, undefined, undefined, doc);
    expect(shown()).toEqual(['old → ']);
    page.runs.commands.newSession();
    await settle();
    expect(state().conversation.session).toBeDefined();
    expect(exchanges()).toEqual([]);
  });
});

describe('nodes', () => {
  test('show that they run, and remember what the run did in them', async () => {
    const running = () => Object.entries(findings.getState().of).flatMap(([id, { is }]) => (is === 'running' ? [id] : [])).sort();
    await send('hi');
    expect(running()).toEqual(['chain', 'memory']);
    host.tell({ is: 'step', step: LOADED });
    expect(running()).toEqual(['chain', 'model']);
    host.tell({ is: 'step', step: step({ step: 'answered', model: 'm', tool_calls: 1 }) });
    expect(running()).toEqual(['chain', 'tool']);
    host.tell({ is: 'step', step: step({ step: 'tool_called', call_id: 'c', tool: 'unit_converter', arguments: {}, output: '1', ok: true }) });
    host.tell({ is: 'step', step: step({ step: 'answered', model: 'm', tool_calls: 0 }) });
    expect(running()).toEqual(['chain', 'memory']);
    host.tell({ is: 'step', step: step({ step: 'stored', duplicate: false }, 9, { write_units: 1 }) });
    host.end();
    expect(running()).toEqual([]);
    expect(state().nodes['memory']?.steps).toHaveLength(2);
    expect(state().nodes['tool']?.steps).toHaveLength(1);
    expect(state().totals['memory']).toMatchObject({ runs: 1, tookMs: 13, usage: { read_units: 0.5, write_units: 1 } });
    await reload();
    expect(state().totals['memory']?.runs).toBe(1);
  });

  test('are found by what they give, not by their type', () => {
    expect(partsOf(CATALOG, FLOW)).toEqual({ chain: 'chain', memory: 'memory', graph: undefined, model: 'model', tools: { unitconverter: 'tool' } });
    expect(partsOf(CATALOG, { ...FLOW, edges: [] })).toEqual({ chain: 'chain', memory: undefined, graph: undefined, model: undefined, tools: {} });
  });
});

test('another flow has its own conversation, and an answer that comes late does not get into it', async () => {
  const release = hold('save');
  page.runs.commands.write('hi');
  void page.runs.commands.send();
  page.flow.commands.open('g', FLOW);
  release();
  await settle();
  expect(host.started).toEqual([]);
  page.flow.commands.open('f', FLOW);
  await settle();
  await send('hi');
  page.flow.commands.open('g', FLOW);
  await settle();
  host.end();
  expect(exchanges()).toEqual([]);
  expect(exchanges().some(isOpen)).toBe(false);
  page.flow.commands.open('f', FLOW);
  await settle();
  expect(last().asked).toBe('hi');
});

test('steps are told in words, with what they cost', () => {
  expect([stepWords(LOADED), ...stepCosts(LOADED)].join(' · ')).toBe('Loaded 8 messages · 0.5 read units · 4 ms');
  const answered = step({ step: 'answered', model: 'm', input_tokens: 120, output_tokens: 45, tool_calls: 2 }, 1234);
  expect([stepWords(answered), ...stepCosts(answered)].join(' · ')).toBe('Model asked for 2 tools · 120 → 45 tokens · 1.2 s');
  expect(stepCosts(step({ step: 'stored', duplicate: false }, 0.4, { commands: 1 })).join(' · ')).toBe('1 command · < 1 ms');
  expect(stepWords(step({ step: 'summarised_it' } as never))).toBe('summarised it');
});

test('what a person clears in the memory is read again, and only of this flow’s memory', async () => {
  host.put(state().conversation.chat, 't', [{ role: 'user', content: 'old' }]);
  await page.runs.commands.read();
  tellChanged({ flow: 'f', node: 'another' });
  tellChanged({ flow: 'another', node: 'memory' });
  const { reads } = host;
  await settle();
  expect([host.reads, shown()]).toEqual([reads, ['old → ']]);
  host.stored.clear();
  tellChanged({ flow: 'f', node: 'memory' });
  await settle();
  expect([host.reads, shown()]).toEqual([reads + 1, []]);
});

test('a memory is read once it is connected and the flow is saved', async () => {
  const edges = FLOW.edges;
  page = await openRuns(host, undefined, undefined, { ...FLOW, edges: edges.filter(({ source }) => source !== 'memory') });
  expect(state().history).toEqual({ is: 'none' });
  host.put(state().conversation.chat, 't', [{ role: 'user', content: 'old' }]);
  page.flow.commands.connect(edges[0]!);
  page.status.setState({ save: { is: 'saved' } });
  await settle();
  expect(shown()).toEqual(['old → ']);
});
