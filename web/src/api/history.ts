import { call } from './client';
import type { Ok } from './types';

/** A history node of a saved flow. */
export interface HistoryRef {
  flow: string;
  node: string;
}

/** What happened to a memory. */
export type HistoryRecord = Ok<'listHistory'>['records'][number];
export type SessionMessage = Ok<'listSessionMessages'>['messages'][number];
export type Deleted = Ok<'resetHistory'>;

export const history = {
  records: (history: HistoryRef, memory_id: string, limit: number, page?: string) =>
    call<Ok<'listHistory'>>('/history/records', { body: { history, memory_id, limit, ...(page !== undefined && { page }) } }),
  messages: (history: HistoryRef, session_scope: string) => call<Ok<'listSessionMessages'>>('/history/messages', { body: { history, session_scope } }),
  deleteUser: (history: HistoryRef, user: string) => call<Deleted>('/history/delete_user', { body: { history, user } }),
  deleteSession: (history: HistoryRef, session_scope: string) => call<Deleted>('/history/delete_session', { body: { history, session_scope } }),
  reset: (history: HistoryRef) => call<Deleted>('/history/reset', { body: { history } }),
};

export type HistoryApi = typeof history;
