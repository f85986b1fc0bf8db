import type { Usage } from '../api/runs';

/** A turn that a run has stored. */
export interface Stored {
  /** The memory node, and the id of its flow. */
  flow: string;
  node: string;
  session: string;
  /** What loading and storing has cost. */
  usage?: Usage;
}

type Listener = (stored: Stored) => void;

const listeners = new Set<Listener>();
const newest = new Map<string, Stored>();

/** Tells whoever shows conversations that there is more to show. */
export function tellStored(stored: Stored): void {
  newest.set(stored.flow, stored);
  for (const listener of listeners) listener(stored);
}

/** Calls `listener` whenever a run has stored a turn, until the answer is called. */
export function onStored(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What the newest run has stored in a memory node since the page was opened. */
export function lastStored(flow: string, node: string): Stored | undefined {
  const stored = newest.get(flow);
  return stored?.node === node ? stored : undefined;
}
