import type { ApiError } from '../api/client';
import type { Exchange } from './exchange';
import type { Conversation } from './kept';
import type { NodeRuns } from './nodeRuns';

/** What of the conversation was read from its memory: nothing before the chat is shown, as reading has its price. */
export type History = { is: 'unread' } | { is: 'none' } | { is: 'loading' } | { is: 'read'; complete: boolean; last: number } | { is: 'failed'; error: ApiError };

export interface RunsState extends NodeRuns {
  flow: string | undefined;
  conversation: Conversation;
  /** Oldest first. */
  exchanges: readonly Exchange[];
  history: History;
  /** The flow is being saved before it runs. */
  saving: boolean;
  /** What is being written; it outlives errors, reloads and a host that is gone. */
  draft: string;
}

export interface RunCommands {
  write: (draft: string) => void;
  /** Runs what is written. What comes back says why it was not taken. */
  send: () => Promise<string | undefined>;
  stop: () => void;
  /** Asks again, under the same turn id. */
  retry: (key: string) => Promise<string | undefined>;
  /** Takes a question back that was not answered, to write it anew. */
  takeBack: (key: string) => void;
  storeAgain: (key: string) => Promise<void>;
  newSession: () => void;
  /** Goes on with a session by its name; with the chat's own, or the node's, without one. */
  useSession: (name: string | undefined) => void;
  /** Reads what the memory holds; `last` turns at most. */
  read: (last?: number) => Promise<void>;
}
