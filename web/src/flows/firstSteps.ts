import { createStore } from 'zustand/vanilla';
import type { FlowDocument } from '../flow/document';
import { nodeOf } from '../flow/lookups';
import { isMemory } from '../manifest/catalog';
import type { Page } from '../page';
import { findings } from '../run/status';
import { fetchTemplates } from './templates';

export type Step = 'look' | 'talk' | 'keep';

/** How far somebody is with the starter flow. It is kept in this browser only. */
export interface FirstSteps {
  /** The starter flow's id. */
  flow: string;
  /** What the starter flow is. */
  about: string;
  done: readonly Step[];
  dismissed?: boolean;
}

const KEY = 'canvas-memory/first-steps';

export const firstSteps = createStore<{ now: FirstSteps | undefined }>(() => ({ now: read() }));

firstSteps.subscribe(({ now }) => {
  try {
    if (now) localStorage.setItem(KEY, JSON.stringify(now));
  } catch {
    // Without storage they last as long as the window.
  }
});

/** Begins them where a template stands alone and nobody has begun in this browser. */
export async function offerFirstSteps({ flow }: Page, flows: number): Promise<void> {
  const { id, doc } = flow.getState();
  if (firstSteps.getState().now || flows > 1 || id === undefined) return;
  const template = (await fetchTemplates()).find((one) => sameNodes(one.flow, doc));
  if (template) firstSteps.setState({ now: { flow: id, about: template.description, done: [] } });
}

export function dismissFirstSteps(): void {
  firstSteps.setState(({ now }) => (now ? { now: { ...now, dismissed: true } } : {}));
}

function sameNodes(left: FlowDocument, right: FlowDocument): boolean {
  return JSON.stringify(left.nodes.map(({ type }) => type)) === JSON.stringify(right.nodes.map(({ type }) => type));
}

/** Ticks a step off when what it asks for is done, however it is done. */
export function watchFirstSteps({ flow, view, catalog }: Page): void {
  const tick = (step: Step) =>
    firstSteps.setState(({ now }) => {
      if (!now || now.flow !== flow.getState().id || now.done.includes(step)) return {};
      return { now: { ...now, done: [...now.done, step] } };
    });
  const look = () => {
    const { doc, selectedNodes } = flow.getState();
    const [only] = selectedNodes;
    const node = selectedNodes.size === 1 && only !== undefined ? nodeOf(doc.nodes, only) : undefined;
    if (!node) return;
    tick('look');
    const { inspector, inspectorTab } = view.getState();
    if (inspector && inspectorTab === 'memory' && isMemory(catalog.node(node.type))) tick('keep');
  };
  flow.subscribe(look);
  view.subscribe(look);
  findings.subscribe(({ of }) => {
    if (Object.values(of).some(({ is }) => is === 'running')) tick('talk');
  });
}

function read(): FirstSteps | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
    if (typeof value !== 'object' || value === null) return undefined;
    const { flow, about, done, dismissed } = value as Partial<FirstSteps>;
    return typeof flow === 'string' && typeof about === 'string' && Array.isArray(done) ? { flow, about, done, dismissed: dismissed === true } : undefined;
  } catch {
    return undefined;
  }
}
