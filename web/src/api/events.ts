import type { Answer, ApiError } from './client';
import { parseExact } from './json';
import { runs, type RunError, type RunResult, type RunView, type Session, type Step } from './runs';

/** How far a stream was read, as the host's event ids tell: so many entries, and so many bytes of text in the next. */
export interface Cursor {
  entry: number;
  bytes: number;
}

/** What a run tells, read once however often it comes. */
export type RunNews =
  | { is: 'started'; turnId: string; session: Session | undefined }
  | { is: 'step'; step: Step }
  | { is: 'text'; text: string }
  | { is: 'done'; result: RunResult }
  | { is: 'failed'; error: RunError };

export interface Follower {
  news: (news: RunNews, seen: Cursor) => void;
  /** Whether the host is silent just now. Following goes on by itself. */
  waiting: (waiting: boolean) => void;
  /** The host does not know the run: it was started anew since then. */
  gone: () => void;
  /** The host answers, and refuses to tell. */
  refused: (error: ApiError) => void;
}

export interface FollowDeps {
  source: (url: string) => EventSource;
  read: (id: string) => Promise<Answer<RunView>>;
}

const NAMES = ['started', 'step', 'text', 'done', 'error'] as const;
type Name = (typeof NAMES)[number];
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** A stream that is quiet for so long may be dead without saying so: the run is asked for, and the stream opened anew. */
const QUIET_MS = 5_000;
/** `EventSource.CLOSED`, which not every test environment has. */
const CLOSED = 2;
const START: Cursor = { entry: 0, bytes: 0 };

const DEPS: FollowDeps = { source: (url) => new EventSource(url), read: runs.read };

/** Follows a run to its end, over dropped connections and a host that comes back. The answer ends it. */
export function followRun(id: string, on: Follower, deps: FollowDeps = DEPS): () => void {
  let seen = START;
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let over = false;

  const end = () => {
    over = true;
    clearTimeout(timer);
    source?.close();
  };
  const tell = (news: RunNews) => {
    if (news.is === 'done' || news.is === 'failed') end();
    on.news(news, seen);
  };

  const take = (name: Name, event: MessageEvent<string>) => {
    if (over) return;
    failures = 0;
    listen();
    const news = newsOf(name, event.data);
    if (!news) {
      // The end of a run is not missed because its event can't be read: the run itself tells it, too.
      if (name === 'done' || name === 'error') void look();
      return;
    }
    const read = advance(seen, news, event.lastEventId);
    if (!read) return;
    seen = read.seen;
    tell(read.news);
  };

  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), QUIET_MS);
  };

  /** The browser has given up on the stream, or it is quiet: asks what became of the run. */
  const look = async () => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
    const answer = await deps.read(id);
    if (over) return;
    if (answer.ok) {
      const news = newsOfView(answer.value);
      if (news) return tell(news);
    } else if (answer.error.status === 404) {
      end();
      return on.gone();
    } else if (answer.error.status >= 400 && answer.error.status < 500 && answer.error.status !== 429) {
      end();
      return on.refused(answer.error);
    }
    on.waiting(!answer.ok);
    timer = setTimeout(open, PAUSES_MS[answer.ok ? 0 : Math.min(failures++, PAUSES_MS.length - 1)]);
  };

  const open = () => {
    // A new stream comes from the start; what was read is known by its place.
    const stream = deps.source(`/api/v1/runs/${encodeURIComponent(id)}/events`);
    source = stream;
    listen();
    stream.addEventListener('open', () => on.waiting(false));
    for (const name of NAMES) {
      stream.addEventListener(name, (event) => {
        if (over || stream !== source) return;
        // The run's last event can have the name of the one by which the browser tells of a lost connection.
        if ('data' in event && typeof event.data === 'string') take(name, event as MessageEvent<string>);
        else if (stream.readyState === CLOSED) void look();
        // The browser opens it anew by itself.
        else on.waiting(true);
      });
    }
  };

  open();
  return end;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Where a reader stands after this news, and what of it is new; `undefined` when it was read before. */
export function advance(seen: Cursor, news: RunNews, id: string): { seen: Cursor; news: RunNews } | undefined {
  const after = cursorOf(id);
  if (!after) return { seen, news };
  const isNew = after.entry > seen.entry || (after.entry === seen.entry && after.bytes > seen.bytes);
  if (!isNew) return undefined;
  if (news.is !== 'text' || after.entry !== seen.entry) return { seen: after, news };
  const bytes = utf8.encode(news.text);
  const known = seen.bytes - (after.bytes - bytes.length);
  return { seen: after, news: known > 0 ? { is: 'text', text: text.decode(bytes.subarray(known)) } : news };
}

function cursorOf(id: string): Cursor | undefined {
  const found = /^(\d+)-(\d+)$/u.exec(id);
  return found ? { entry: Number(found[1]), bytes: Number(found[2]) } : undefined;
}

/** An event's data as news; `undefined` when it is not what the host promises. */
export function newsOf(name: Name, data: string): RunNews | undefined {
  let value: unknown;
  try {
    value = parseExact(data);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  switch (name) {
    case 'started':
      return typeof value['turn_id'] === 'string' ? { is: 'started', turnId: value['turn_id'], session: sessionOf(value['session']) } : undefined;
    case 'step':
      return isStep(value) ? { is: 'step', step: value } : undefined;
    case 'text':
      return typeof value['text'] === 'string' ? { is: 'text', text: value['text'] } : undefined;
    case 'done':
      return isResult(value) ? { is: 'done', result: value } : undefined;
    case 'error':
      return isError(value['error']) ? { is: 'failed', error: value['error'] } : undefined;
  }
}

function newsOfView(view: RunView | undefined): RunNews | undefined {
  if (view?.state === 'done' && isResult(view.result)) return { is: 'done', result: view.result };
  if (view?.state === 'failed' && isError(view.error)) return { is: 'failed', error: view.error };
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function sessionOf(value: unknown): Session | undefined {
  return isObject(value) && typeof value['id'] === 'string' ? (value as unknown as Session) : undefined;
}

function isStep(value: unknown): value is Step {
  return isObject(value) && isObject(value['kind']) && typeof value['kind']['step'] === 'string' && typeof value['took_ms'] === 'number' && isObject(value['usage']);
}

function isResult(value: unknown): value is RunResult {
  return isObject(value) && isObject(value['turn']) && Array.isArray(value['turn']['messages']) && isObject(value['stored']) && typeof value['stored']['state'] === 'string';
}

function isError(value: unknown): value is RunError {
  return isObject(value) && typeof value['message'] === 'string';
}
