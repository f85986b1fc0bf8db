import { call, callLines } from './client';
import type { Ok, Shape } from './types';

export type Usage = Shape<'Usage'>;
export type Message = Shape<'Message'>;
export type ToolCall = Shape<'ToolCall'>;
export type StoredTurn = Shape<'StoredTurn'>;
export type Unreadable = Shape<'Unreadable'>;
export type SessionEntry = Shape<'SessionEntry'>;
export type SessionState = Shape<'SessionState'>;
export type StoredRow = Shape<'Record'>;
export type Fill = Shape<'Fill'>;
export type Recent = Ok<'listTurns'>;
export type Cleared = Ok<'clearSession'>;
export type MessageRef = Shape<'MessageRef'>;
export type Capabilities = Ok<'readCapabilities'>;
export type TurnPage = Shape<'TurnPage'>;

/** A memory node of a saved flow. */
export interface MemoryNode {
  flow: string;
  node: string;
}

/** The most turns that one call answers. */
export const MAX_TURNS = 1_000;

export const memory = {
  capabilities: (memory: MemoryNode) => call<Capabilities>('/memory/capabilities', { body: { memory } }),
  sessions: (memory: MemoryNode, limit: number, page?: string) =>
    call<Ok<'listSessions'>>('/memory/sessions', { body: { memory, limit, ...(page !== undefined && { page }) } }),
  turns: (memory: MemoryNode, session: string, last: number) => call<Recent>('/memory/turns', { body: { memory, session, last } }),
  allTurns: (memory: MemoryNode, session: string, onPage: (page: TurnPage) => void, signal: AbortSignal) =>
    callLines<TurnPage>('/memory/all_turns', { body: { memory, session }, signal }, onPage),
  rows: (memory: MemoryNode, session: string, limit: number, page?: string) =>
    call<Ok<'inspectSession'>>('/memory/inspect', { body: { memory, session, limit, ...(page !== undefined && { page }) } }),
  clear: (memory: MemoryNode, session: string) => call<Cleared>('/memory/clear', { body: { memory, session } }),
  deleteMessage: (memory: MemoryNode, session: string, at: MessageRef) =>
    call<Ok<'deleteMessage'>>('/memory/delete_message', { body: { memory, session, at } }),
  editMessage: (memory: MemoryNode, session: string, at: MessageRef, message: Message) =>
    call<Ok<'editMessage'>>('/memory/edit_message', { body: { memory, session, at, message } }),
};

export type MemoryApi = typeof memory;
