import { parseExact } from './json';
import { admission, admit, admitted } from './login';
import type { Shape } from './types';

/** Errors are values: a call never throws, and the caller can't forget the case. */
export type Answer<T> = { ok: true; value: T } | { ok: false; error: ApiError };

/** The library's error as the host sends it, or what the page says when there is no answer. */
export interface ApiError extends Partial<Omit<Shape<'Error'>, 'kind' | 'message'>> {
  /** `offline` when the host gave no answer; `unknown_answer` when what answered is not the host. */
  kind: Shape<'Error'>['kind'] | 'offline' | 'unknown_answer';
  message: string;
  /** The HTTP status; 0 when there was none. */
  status: number;
}

export interface CallOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** A body that is JSON already, sent as it is. */
  text?: string;
  ifMatch?: string;
  ifNoneMatch?: string;
  signal?: AbortSignal;
  /** Lets the request outlive the page. */
  keepalive?: boolean;
}

const BASE = '/api/v1';

const LOGIN = '/login';

/** As `ifMatch`: whatever is saved now. */
export const ANY_VERSION = '*';

export async function call<T>(path: string, options: CallOptions = {}): Promise<Answer<T>> {
  try {
    const response = await send(path, options);
    return readAnswer<T>(response, await response.text());
  } catch {
    return { ok: false, error: OFFLINE };
  }
}

/** For what answers with lines of JSON: each is handed over as it comes. A line with an error is the last. */
export async function callLines<T>(path: string, options: CallOptions, onLine: (line: T) => void): Promise<Answer<undefined>> {
  try {
    const response = await send(path, options);
    if (!response.ok || !response.body) return readAnswer(response, await response.text());
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const lines = (rest + read.value).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        const line = parse(text);
        if (typeof line === 'object' && line !== null && 'error' in line) {
          return { ok: false, error: { ...(line.error as ApiError), status: response.status } };
        }
        if (line !== undefined) onLine(line as T);
      }
    }
    return { ok: true, value: undefined };
  } catch {
    return { ok: false, error: OFFLINE };
  }
}

/** Shows the host its token. The browser then bears a cookie, which scripts can't read. */
export async function logIn(token: string): Promise<Answer<undefined>> {
  const answer = await call<undefined>(LOGIN, { body: { token } });
  if (answer.ok) admit();
  return answer;
}

/** Has the browser forget its cookie. */
export const logOut = (): Promise<Answer<undefined>> => call<undefined>('/logout', { method: 'POST' });

const OFFLINE: ApiError = { kind: 'offline', status: 0, retry: 'later', message: 'The host does not answer. Is canvas-memory running?' };

/** A host that wants its token first gets it from the person; the call then goes on as if nothing had been. */
async function send(path: string, options: CallOptions): Promise<Response> {
  for (;;) {
    const { times } = admission.getState();
    const response = await sendOnce(path, options);
    if (response.status !== 401 || path === LOGIN) return response;
    // An answer that nobody reads keeps its connection.
    await response.body?.cancel();
    await admitted(times);
  }
}

function sendOnce(path: string, options: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  const sent = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  if (sent !== undefined) headers['content-type'] = 'application/json';
  if (options.ifMatch !== undefined) headers['if-match'] = tag(options.ifMatch);
  if (options.ifNoneMatch !== undefined) headers['if-none-match'] = tag(options.ifNoneMatch);
  return fetch(BASE + path, {
    method: options.method ?? (sent === undefined ? 'GET' : 'POST'),
    headers,
    ...(sent !== undefined && { body: sent }),
    ...(options.signal && { signal: options.signal }),
    ...(options.keepalive && { keepalive: true }),
  });
}

function readAnswer<T>(response: Response, text: string): Answer<T> {
  const body = parse(text);
  if (response.ok || response.status === 304) {
    return { ok: true, value: body as T };
  }
  // A proxy in front of the host answers like this when the host is gone.
  const gone = response.status === 502 || response.status === 503 || response.status === 504;
  const told = typeof body === 'object' && body !== null && 'error' in body ? (body.error as Partial<ApiError>) : {};
  return {
    ok: false,
    error: {
      kind: gone && told.kind === undefined ? 'offline' : 'unknown_answer',
      message: gone ? 'The host does not answer. Is canvas-memory running?' : `The host answered with status ${response.status}.`,
      ...told,
      status: response.status,
    },
  };
}

/** Bodies hold an etag bare, headers hold it in quotes. */
function tag(etag: string): string {
  return etag === ANY_VERSION ? etag : `"${etag}"`;
}

function parse(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}
