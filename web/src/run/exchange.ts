import type { ApiError } from '../api/client';
import type { RunNews } from '../api/events';
import type { Message, RunError, RunResult, Session, Step, Stored, StoredTurn, Usage } from '../api/runs';

/** A question and what became of it. */
export interface Exchange {
  key: string;
  /** With it the question can be asked again, and is there once. The host gives it. */
  turnId?: string;
  /** The host's run, as long as the host knows it. */
  run?: string;
  asked: string;
  /** When it was asked, or stored. */
  atMs?: number;
  /** What follows the question, once it is there as a whole. */
  said?: readonly Message[];
  /** The answer as far as it has come, in the order in which it came. */
  pieces: readonly Piece[];
  steps: readonly Step[];
  session?: Session;
  stored?: Stored;
  usage?: Usage;
  error?: ApiError;
  is: 'sending' | 'running' | 'answered' | 'failed' | 'lost';
  /** The person wants it to end, or has ended it. */
  stopped: boolean;
  /** The host is silent just now. */
  waiting?: boolean;
  storing?: boolean;
}

export type Piece = { text: string } | { use: ToolUse };

export interface ToolUse {
  id: string;
  tool: string;
  arguments: unknown;
  /** Absent while there is none. */
  output?: string;
  ok: boolean;
}

export const isOpen = ({ is }: Exchange): boolean => is === 'sending' || is === 'running';

/** Whether the answer could be kept, and is not. */
export const isUnstored = ({ stored }: Exchange): boolean => stored?.state === 'not_stored';

/** Whether the same question can be asked again. */
export function canRetry({ is, stored }: Exchange): boolean {
  return is === 'failed' || is === 'lost' || stored?.state === 'nothing';
}

/** Whether the host may have begun the run although the page heard of none. */
export function wasPerhapsTaken({ is, error, turnId }: Exchange): boolean {
  return turnId === undefined && (is === 'lost' || error?.kind === 'offline' || error?.kind === 'unknown_answer');
}

/** The exchange after the news. */
export function withNews(exchange: Exchange, news: RunNews): Exchange {
  switch (news.is) {
    case 'started':
      return { ...exchange, is: 'running', turnId: news.turnId, ...(news.session && { session: news.session }) };
    case 'step': {
      const { kind } = news.step;
      const steps = [...exchange.steps, news.step];
      if (kind.step !== 'tool_called') return { ...exchange, steps };
      const use: ToolUse = { id: kind.call_id, tool: kind.tool, arguments: kind.arguments, output: kind.output, ok: kind.ok };
      return { ...exchange, steps, pieces: [...exchange.pieces, { use }] };
    }
    case 'text':
      return { ...exchange, pieces: withText(exchange.pieces, news.text) };
    case 'done':
      return withResult(exchange, news.result);
    case 'failed': {
      const { waiting: _, ...rest } = exchange;
      return { ...rest, is: 'failed', error: told(news.error) };
    }
  }
}

export function withResult(exchange: Exchange, { turn, session, stored, stopped, usage }: RunResult): Exchange {
  const { waiting: _, error: __, storing: ___, ...rest } = exchange;
  const said = turn.messages.slice(1);
  return {
    ...rest,
    is: 'answered',
    turnId: turn.id,
    said,
    pieces: piecesOf(said, exchange.steps),
    stopped,
    stored,
    usage,
    ...(session && { session }),
    ...(stored.state === 'not_stored' && { error: told(stored.error) }),
  };
}

/** An error that came within an answer, not as one. */
function told(error: RunError): ApiError {
  return { ...error, status: 200 };
}

/** A turn that a memory holds. */
export function exchangeOf(turn: StoredTurn): Exchange {
  const isQuestion = ({ role }: Message) => role === 'user';
  const asked = turn.messages.filter(isQuestion);
  const said = turn.messages.filter((message) => !isQuestion(message));
  return {
    key: turn.id ?? `at ${turn.position}`,
    ...(turn.id != null && { turnId: turn.id }),
    ...(turn.stored_at_epoch_secs != null && { atMs: turn.stored_at_epoch_secs * 1000 }),
    asked: asked.map(textOf).join('\n\n'),
    said,
    pieces: piecesOf(said, []),
    steps: [],
    is: 'answered',
    stopped: isStopped(said.at(-1)),
  };
}

/** What was said in words. */
export function wordsOf({ pieces }: Exchange): string {
  return pieces.flatMap((piece) => ('text' in piece ? [piece.text.trim()] : [])).join('\n\n');
}

function withText(pieces: readonly Piece[], text: string): readonly Piece[] {
  const last = pieces.at(-1);
  return last && 'text' in last ? [...pieces.slice(0, -1), { text: last.text + text }] : [...pieces, { text }];
}

/** The messages after a question; the steps know whether a tool did its work. */
function piecesOf(said: readonly Message[], steps: readonly Step[]): Piece[] {
  return said.flatMap((message, at): Piece[] => {
    if (message.role === 'tool') return [];
    const text = textOf(message);
    const uses = (message.tool_calls ?? []).map((call): Piece => {
      const result = said.slice(at + 1).find(({ role, tool_call_id }) => role === 'tool' && tool_call_id === call.id);
      const failed = steps.some(({ kind }) => kind.step === 'tool_called' && kind.call_id === call.id && !kind.ok);
      return { use: { id: call.id, tool: call.name, arguments: call.arguments, ...(result && { output: textOf(result) }), ok: !failed } };
    });
    return text === '' ? uses : [{ text }, ...uses];
  });
}

/** A message's text; what is no text is named. */
export function textOf({ content }: Message): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => partText(part)).join('\n');
}

function partText(part: unknown): string {
  if (typeof part === 'string') return part;
  const { text, type } = (part ?? {}) as { text?: unknown; type?: unknown };
  return typeof text === 'string' ? text : `[${typeof type === 'string' ? type.replace(/_url$/u, '') : 'part'}]`;
}

function isStopped(message: Message | undefined): boolean {
  return (message as { stopped?: unknown } | undefined)?.stopped === true;
}

/**
 * What the memory holds, with what this window knows more about: the trace of its own runs, and what is not stored.
 * What was stored before the memory was read, as `storedBefore` has it, and is not held, is gone from there.
 */
export function merged(held: readonly StoredTurn[], known: readonly Exchange[], storedBefore: ReadonlySet<string>): Exchange[] {
  const left = new Set(known);
  const ids = new Set(known.map(({ turnId }) => turnId));
  const exchanges = held.map((turn) => {
    const exchange = exchangeOf(turn);
    const taken = !ids.has(exchange.turnId) && [...left].find((other) => wasPerhapsTaken(other) && other.asked === exchange.asked && !isBefore(exchange, other));
    if (taken) {
      left.delete(taken);
      return exchange;
    }
    const same = [...left].find((other) =>
      exchange.turnId !== undefined && other.turnId !== undefined
        ? other.turnId === exchange.turnId
        : other.stored?.state === 'stored' && other.asked === exchange.asked && wordsOf(other) === wordsOf(exchange),
    );
    if (!same) return exchange;
    left.delete(same);
    const { error: _, waiting: __, storing: ___, ...rest } = same;
    return { ...exchange, ...rest, pieces: piecesOf(exchange.said ?? [], rest.steps), said: exchange.said ?? [], is: 'answered' as const, stopped: exchange.stopped, ...(isUnstored(same) && { stored: STORED_SINCE }) };
  });
  const rest = [...left].filter(({ key, stored }) => !storedBefore.has(key) || (stored !== undefined && stored.state !== 'stored'));
  return [...exchanges, ...rest];
}

/** Clocks of a host and a browser are not quite one. */
const CLOCKS_APART_MS = 10_000;

function isBefore({ atMs: stored }: Exchange, { atMs: asked }: Exchange): boolean {
  return stored !== undefined && asked !== undefined && stored < asked - CLOCKS_APART_MS;
}

/** The memory holds the turn after all. */
const STORED_SINCE: Stored = {
  state: 'stored',
  position: '',
  duplicate: true,
  dedupe: 'exact',
  usage: { requests: 0, write_units: 0, read_units: 0, commands: 0, bytes_sent: 0, bytes_received: 0 },
};
