import { sentence } from '../text/sentence';
import type { Exchange } from './exchange';
import { failedPart } from './nodeRuns';
import type { Parts } from './parts';
import { setFinding, type NodeStatus } from './status';

const RUNNING: NodeStatus = { is: 'running', text: 'Running' };

/** Shows at the cards where a run is; without `node`, that it is over. */
export function showWorking(at: Parts, node: string | undefined): void {
  for (const part of all(at)) setFinding(part, node !== undefined && (part === node || part === at.chain) ? RUNNING : undefined);
}

/** Shows at the cards how a run has ended. */
export function showEnd(at: Parts, exchange: Exchange): void {
  const failed = failedPart(at, exchange);
  showWorking(at, undefined);
  if (failed !== undefined && exchange.error) setFinding(failed, { is: 'error', text: sentence(exchange.error.message) });
}

function all({ chain, memory, model, tools }: Parts): string[] {
  return [chain, memory, model, ...Object.values(tools)].filter((part) => part !== undefined);
}
