import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Answer } from './client';
import { followRun, newsOf, type RunNews } from './events';
import type { RunResult, RunView } from './runs';

/** A stream as the browser gives it, driven by the test. */
class Stream extends EventTarget {
  readyState = 1;
  constructor(readonly url: string) {
    super();
    streams.push(this);
  }
  send(id: string, name: string, data: unknown) {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    this.dispatchEvent(new MessageEvent(name, { data: text, lastEventId: id }));
  }
  /** The connection breaks: the browser tries again, or has given up. */
  breaks({ forGood }: { forGood: boolean }) {
    this.readyState = forGood ? 2 : 0;
    this.dispatchEvent(new Event('error'));
  }
  close() {
    this.readyState = 2;
  }
}

const usage = { requests: 0, write_units: 0, read_units: 0.5, commands: 0, bytes_sent: 0, bytes_received: 0 };
const STARTED = { event: 'started', turn_id: 't', session: { id: 's', source: 'chat' } };
const LOADED = { event: 'step', kind: { step: 'loaded', messages: 8, state: 'present', unreadable: 0 }, took_ms: 4, usage };
const text = (text: string) => ({ event: 'text', text });
const DONE = { turn: { id: 't', messages: [{ role: 'user', content: 'hi' }] }, stored: { state: 'no_memory' }, stopped: false, usage } as unknown as RunResult;

let streams: Stream[];
let told: RunNews[];
let waits: boolean[];
let ends: string[];
let answers: Answer<RunView>[];
const asked = vi.fn();
const stream = (): Stream => streams.at(-1) as Stream;
const words = () => told.flatMap((news) => (news.is === 'text' ? [news.text] : [])).join('');
const view = (more: Partial<RunView>): Answer<RunView> => ({ ok: true, value: { id: 'r', chat: 'c', started_at: '', state: 'running', ...more } });
const failure = (status: number): Answer<RunView> => ({ ok: false, error: { kind: status === 0 ? 'offline' : 'not_found', status, message: '-' } });

const follow = () =>
  followRun(
    'r',
    { news: (news) => told.push(news), waiting: (waiting) => waits.push(waiting), gone: () => ends.push('gone'), refused: () => ends.push('refused') },
    {
      source: (url) => new Stream(url) as unknown as EventSource,
      read: async (id) => {
        asked(id);
        return answers.shift() ?? view({});
      },
    },
  );

beforeEach(() => {
  vi.useFakeTimers();
  [streams, told, waits, ends, answers] = [[], [], [], [], []];
  asked.mockClear();
});
afterEach(() => vi.useRealTimers());

describe('events', () => {
  test('come in order, and the last one ends it', () => {
    follow();
    stream().send('1-0', 'started', STARTED);
    stream().send('2-0', 'step', LOADED);
    stream().send('2-3', 'text', text('abc'));
    stream().send('4-0', 'done', DONE);
    stream().send('5-0', 'text', text('never'));
    expect(told.map(({ is }) => is)).toEqual(['started', 'step', 'text', 'done']);
    expect(stream().readyState).toBe(2);
  });

  test.each([
    ['that is no JSON', 'text', 'oops'],
    ['that is no object', 'step', '3'],
    ['without its text', 'text', {}],
    ['of a step without its kind', 'step', { event: 'step', took_ms: 1, usage }],
    ['of a step without a time', 'step', { ...LOADED, took_ms: null }],
    ['of an end without a turn', 'done', { stored: { state: 'stored' } }],
    ['of an error without words', 'error', { error: {} }],
  ] as const)('an event %s is no news', (_, name, data) => {
    expect(newsOf(name, typeof data === 'string' ? data : JSON.stringify(data))).toBeUndefined();
  });

  test('a malformed one is left out, and the run goes on', () => {
    follow();
    stream().send('2-1', 'text', text('a'));
    stream().send('2-2', 'text', '{"text":');
    stream().send('2-3', 'text', text('c'));
    expect(words()).toBe('ac');
  });

  test('a malformed end is asked for', async () => {
    follow();
    answers = [view({ state: 'done', result: DONE })];
    stream().send('4-0', 'done', '{}');
    await vi.advanceTimersByTimeAsync(0);
    expect(told.map(({ is }) => is)).toEqual(['done']);
  });

  test('the run’s own error is told apart from a lost connection', () => {
    follow();
    stream().send('2-0', 'error', { error: { kind: 'denied', message: 'no', retry: 'never', context: {}, usage } });
    expect(told).toMatchObject([{ is: 'failed', error: { message: 'no' } }]);
    expect(waits).toEqual([]);
  });
});

describe('a stream that breaks', () => {
  test('is opened anew by the browser, and what comes twice is there once', () => {
    follow();
    stream().send('2-0', 'step', LOADED);
    stream().send('2-3', 'text', text('abc'));
    stream().breaks({ forGood: false });
    expect(waits.at(-1)).toBe(true);
    stream().dispatchEvent(new Event('open'));
    expect(waits.at(-1)).toBe(false);
    stream().send('2-0', 'step', LOADED);
    stream().send('2-3', 'text', text('abc'));
    stream().send('2-5', 'text', text('de'));
    expect(words()).toBe('abcde');
    expect(told.filter(({ is }) => is === 'step')).toHaveLength(1);
  });

  test('for good is replaced; text that comes from its start again goes on where it was, whatever the letters', async () => {
    follow();
    stream().send('2-4', 'text', text('Grü'));
    stream().breaks({ forGood: true });
    await vi.advanceTimersByTimeAsync(500);
    expect(streams).toHaveLength(2);
    stream().send('2-13', 'text', text('Grüße, 🌍'));
    expect(words()).toBe('Grüße, 🌍');
  });

  test('of a run that has ended meanwhile gives its result', async () => {
    follow();
    answers = [view({ state: 'done', result: DONE })];
    stream().breaks({ forGood: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(told.map(({ is }) => is)).toEqual(['done']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(streams).toHaveLength(1);
  });

  test('of a host that was started anew says that the run is gone', async () => {
    follow();
    answers = [failure(0), failure(502), failure(404)];
    stream().breaks({ forGood: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(waits.at(-1)).toBe(true);
    stream().readyState = 2;
    await vi.advanceTimersByTimeAsync(500);
    stream().breaks({ forGood: true });
    await vi.advanceTimersByTimeAsync(1_000);
    stream().breaks({ forGood: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toEqual(['gone']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveBeenCalledTimes(3);
  });

  test('that a host refuses to open is not asked for for ever', async () => {
    follow();
    answers = [failure(403)];
    stream().breaks({ forGood: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ends).toEqual(['refused']);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('without saying so is noticed because it is quiet', async () => {
    follow();
    stream().send('2-3', 'text', text('abc'));
    answers = [view({ state: 'done', result: DONE })];
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told.map(({ is }) => is)).toEqual(['text', 'done']);
  });
});

test('nothing is heard after it was left', async () => {
  const leave = follow();
  leave();
  stream().send('2-3', 'text', text('abc'));
  stream().breaks({ forGood: true });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual([]);
  expect(asked).not.toHaveBeenCalled();
});
