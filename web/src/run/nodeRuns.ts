import type { ApiError } from '../api/client';
import type { Step, Usage } from '../api/runs';
import type { Exchange } from './exchange';
import { partOfError, partOfStep, type Parts } from './parts';
import { NO_USAGE, plus } from './words';

/** What the newest run did in one node. */
export interface NodeRun {
  atMs: number;
  steps: readonly Step[];
  error?: ApiError;
}

/** What a node did in all runs of this window. */
export interface NodeTotals {
  runs: number;
  tookMs: number;
  usage: Usage;
}

export interface NodeRuns {
  nodes: Readonly<Record<string, NodeRun>>;
  totals: Readonly<Record<string, NodeTotals>>;
}

/** After a run has ended: what it did in each node, added to what earlier ones did. */
export function withRun({ totals }: NodeRuns, parts: Parts, exchange: Exchange, atMs: number): NodeRuns {
  const nodes: Record<string, NodeRun> = {};
  const of = (node: string) => (nodes[node] ??= { atMs, steps: [] });
  for (const step of exchange.steps) {
    const node = partOfStep(parts, step);
    if (node !== undefined) nodes[node] = { ...of(node), steps: [...of(node).steps, step] };
  }
  if (exchange.error) {
    const node = failedPart(parts, exchange);
    if (node !== undefined) nodes[node] = { ...of(node), error: exchange.error };
  }
  const sums = { ...totals };
  for (const [node, { steps }] of Object.entries(nodes)) {
    const before = sums[node] ?? { runs: 0, tookMs: 0, usage: NO_USAGE };
    sums[node] = {
      runs: before.runs + 1,
      tookMs: steps.reduce((sum, { took_ms }) => sum + took_ms, before.tookMs),
      usage: steps.reduce((sum, { usage }) => plus(sum, usage), before.usage),
    };
  }
  return { nodes, totals: sums };
}

/** The node to which a run's error belongs. */
export function failedPart(parts: Parts, { error, stored }: Exchange): string | undefined {
  if (!error) return undefined;
  if (stored?.state === 'not_stored') return parts.memory ?? parts.chain;
  return partOfError(parts, error.operation);
}
