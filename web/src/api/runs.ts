import { call } from './client';
import type { Shape } from './types';

export type Message = Shape<'Message'>;
export type Step = Shape<'Step'>;
export type Usage = Shape<'Usage'>;
export type Session = Shape<'EffectiveSession'>;
export type StoredTurn = Shape<'StoredTurn'>;
export type Recent = Shape<'Recent'>;
export type RunError = Shape<'Error'>;

/** The generated types lose the tag where a variant refers to another schema. */
export type Stored =
  | ({ state: 'stored' } & Shape<'Appended'>)
  | Exclude<Shape<'StoredState'>, Shape<'Appended'>>;
export type RunResult = Omit<Shape<'RunResult'>, 'stored'> & { stored: Stored };
export type RunView = Omit<Shape<'RunView'>, 'result'> & { result?: RunResult | null };
export type NewRun = Shape<'NewRun'>;

export interface MemoryNode {
  flow: string;
  node: string;
}

const at = (id: string) => `/runs/${encodeURIComponent(id)}`;

export const runs = {
  start: (body: NewRun) => call<Shape<'StartedRun'>>('/runs', { body }),
  read: (id: string) => call<RunView>(at(id)),
  stop: (id: string) => call<RunView>(`${at(id)}/stop`, { method: 'POST' }),
  storeAgain: (id: string) => call<RunView>(`${at(id)}/store`, { method: 'POST' }),
  /** The newest turns of a session, as its memory has them; of the node's own session where none is named. */
  turns: (memory: MemoryNode, session: string | undefined, last: number) =>
    call<Recent>('/memory/turns', { body: { memory, last, ...(session !== undefined && { session }) } }),
  /** Stores a turn whose run the host no longer knows; its id lets it be there once. */
  append: (memory: MemoryNode, session: string, turn: Shape<'Turn'>) =>
    call<Shape<'Appended'>>('/memory/append', { body: { memory, session, turn } }),
};

export type RunsApi = typeof runs;
