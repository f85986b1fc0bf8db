import type { Usage } from '../api/runs';
import type { Exchange } from './exchange';
import type { Parts } from './parts';
import { NO_USAGE, plus } from './words';

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

/** A memory node, and the id of its flow. */
interface Place {
  flow: string;
  node: string;
}

const changeListeners = new Set<(place: Place) => void>();

/** Tells that a person has changed what a memory holds, by other means than a message. */
export function tellChanged(place: Place): void {
  for (const listener of changeListeners) listener(place);
}

/** Calls `listener` whenever a person has changed what a memory holds, until the answer is called. */
export function onChanged(listener: (place: Place) => void): () => void {
  changeListeners.add(listener);
  return () => changeListeners.delete(listener);
}

/** Tells of an exchange's turn, where its memory has stored it. */
export function tellStoredTurn(flow: string | undefined, { memory }: Parts, { stored, session, steps }: Exchange): void {
  if (flow === undefined || memory === undefined || !session || stored?.state !== 'stored') return;
  const own = steps.filter(({ kind }) => kind.step === 'loaded' || kind.step === 'stored');
  tellStored({ flow, node: memory, session: session.id, usage: own.reduce((sum, step) => plus(sum, step.usage), NO_USAGE) });
}
