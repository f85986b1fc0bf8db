import { createStore } from 'zustand/vanilla';
import type { FlowDocument, FlowEdge } from '../flow/document';
import type { Catalog } from '../manifest/catalog';
import { candidates, type PortRef } from '../manifest/ports';

/** The connection that is being dragged: from where, and which ports would take it. */
export interface Connecting {
  from: PortRef | undefined;
  fits: ReadonlySet<string>;
  /** The edge whose end is being moved. */
  replacing: FlowEdge | undefined;
}

const NONE: Connecting = { from: undefined, fits: new Set(), replacing: undefined };

export const connecting = createStore<Connecting>(() => NONE);

export function beginConnecting(catalog: Catalog, doc: FlowDocument, from: PortRef, replacing?: FlowEdge): void {
  const edges = replacing ? doc.edges.filter((edge) => edge !== replacing) : doc.edges;
  const fits = candidates(catalog, { ...doc, edges }, from)
    .filter(({ verdict }) => verdict.ok)
    .map(({ node, port }) => portKey(node.id, port.id));
  connecting.setState({ from, fits: new Set(fits), replacing });
}

export function endConnecting(): void {
  connecting.setState(NONE);
}

export function portKey(node: string, port: string): string {
  return `${node}\n${port}`;
}

/** How a card takes part: `open` takes the connection somewhere, `shut` does not, and without one there is none. */
export function partOf({ from, fits }: Connecting, node: string): 'from' | 'open' | 'shut' | undefined {
  if (!from) return undefined;
  if (from.node === node) return 'from';
  for (const key of fits) if (key.startsWith(`${node}\n`)) return 'open';
  return 'shut';
}
