/** The saved flow, as `src/flow/document.rs` defines it. Fields that the page does not know stay where they are. */

export interface FlowDocument {
  format: number;
  name: string;
  nodes: readonly FlowNode[];
  edges: readonly FlowEdge[];
  viewport?: Viewport;
}

export interface FlowNode {
  id: string;
  type: string;
  version: number;
  /** What the card shows instead of the type's title. */
  name?: string;
  position: Position;
  inputs: Inputs;
  /** The id of the credential in its slot. */
  credential?: string;
  /** The node as another canvas had saved it, where its type is unknown here. */
  foreign?: unknown;
}

export interface FlowEdge {
  source: string;
  sourceHandle: string;
  target: string;
  targetHandle: string;
}

export type Inputs = Readonly<Record<string, unknown>>;
export interface Position {
  x: number;
  y: number;
}
export interface Viewport extends Position {
  zoom: number;
}

export const EMPTY_FLOW: FlowDocument = { format: 1, name: '', nodes: [], edges: [] };

/** Names an edge by its four ends; the document gives edges no id. */
export function edgeId(edge: FlowEdge): string {
  return JSON.stringify([edge.source, edge.sourceHandle, edge.target, edge.targetHandle]);
}

export function sameEdge(left: FlowEdge, right: FlowEdge): boolean {
  return (
    left.source === right.source &&
    left.sourceHandle === right.sourceHandle &&
    left.target === right.target &&
    left.targetHandle === right.targetHandle
  );
}

/** Whether `to` can be reached from `from` along the edges. */
export function reaches(edges: readonly FlowEdge[], from: string, to: string): boolean {
  const next = new Map<string, string[]>();
  for (const edge of edges) {
    const targets = next.get(edge.source);
    if (targets) targets.push(edge.target);
    else next.set(edge.source, [edge.target]);
  }
  const seen = new Set<string>();
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...(next.get(at) ?? []));
  }
  return false;
}

/** An id that no node of the flow has: the type and the next free number, readable in git. */
export function freeId(type: string, taken: ReadonlySet<string>): string {
  const stem = type.replace(/[^\w.-]/gu, '') || 'node';
  for (let number = 1; ; number++) {
    const id = `${stem}_${number}`;
    if (!taken.has(id)) return id;
  }
}
