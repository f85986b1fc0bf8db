import type { FlowDocument } from './document';
import type { Change } from './store';

/**
 * Documents before and after this one. They share what did not change, so that a step costs little.
 * The history knows nothing of pointers or keys: it is told of every change of the document, however it came about.
 */
export interface History {
  past: readonly Step[];
  future: readonly Step[];
  /** The newest change, while it may still grow. */
  growing: { key: string; open: boolean; at: number } | undefined;
}

interface Step {
  doc: FlowDocument;
  label: string;
}

const STEPS_MAX = 200;
/** Changes with one key that follow within this time are one act. */
const SAME_ACT_MS = 900;

export const NO_HISTORY: History = { past: [], future: [], growing: undefined };

export function record(history: History, before: FlowDocument, change: Change, now: number): History {
  const growing = change.key === undefined ? undefined : { key: change.key, open: change.open ?? false, at: now };
  const last = history.growing;
  const grows =
    growing !== undefined && last?.key === growing.key && (last.open || now - last.at < SAME_ACT_MS) && history.past.length > 0;
  const past = grows ? history.past : [...history.past, { doc: before, label: change.label }].slice(-STEPS_MAX);
  const ended = grows && last.open && !growing.open;
  return { past, future: [], growing: ended ? undefined : growing };
}

export function undo(history: History, doc: FlowDocument): { doc: FlowDocument; history: History } | undefined {
  const step = history.past.at(-1);
  if (!step) return undefined;
  const future = [{ doc, label: step.label }, ...history.future];
  return { doc: step.doc, history: { past: history.past.slice(0, -1), future, growing: undefined } };
}

export function redo(history: History, doc: FlowDocument): { doc: FlowDocument; history: History } | undefined {
  const [step, ...future] = history.future;
  if (!step) return undefined;
  const past = [...history.past, { doc, label: step.label }];
  return { doc: step.doc, history: { past, future, growing: undefined } };
}
