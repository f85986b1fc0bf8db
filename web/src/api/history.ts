import { call } from './client';
import type { Unreadable, Usage } from './memory';

/** A history node of a saved flow. */
export interface HistoryRef {
  flow: string;
  node: string;
}

/** What happened to a memory. */
export interface HistoryRecord {
  id: string;
  sequence: number;
  user: string;
  memory_id: string;
  old_memory?: string | null;
  new_memory?: string | null;
  event: 'ADD' | 'UPDATE' | 'DELETE';
  created_at: string;
  updated_at?: string | null;
  is_deleted: boolean;
  actor_id?: string | null;
  role?: string | null;
}

export interface SessionMessage {
  id: string;
  sequence: number;
  user: string;
  role: string;
  content: string;
  name?: string | null;
  created_at: string;
}

export interface Deleted {
  records: number;
  messages: number;
  usage: Usage;
}

export interface RecentMessages {
  /** Oldest first. */
  messages: readonly SessionMessage[];
  usage: Usage;
}

export interface HistoryPage {
  records: readonly HistoryRecord[];
  unreadable: readonly Unreadable[];
  next?: string | null;
  usage: Usage;
}

export const history = {
  records: (history: HistoryRef, memory_id: string, limit: number, page?: string) =>
    call<HistoryPage>('/history/records', { body: { history, memory_id, limit, ...(page !== undefined && { page }) } }),
  messages: (history: HistoryRef, session_scope: string) => call<RecentMessages>('/history/messages', { body: { history, session_scope } }),
  deleteUser: (history: HistoryRef, user: string) => call<Deleted>('/history/delete_user', { body: { history, user } }),
  deleteSession: (history: HistoryRef, session_scope: string) => call<Deleted>('/history/delete_session', { body: { history, session_scope } }),
  reset: (history: HistoryRef) => call<Deleted>('/history/reset', { body: { history } }),
};

export type HistoryApi = typeof history;
