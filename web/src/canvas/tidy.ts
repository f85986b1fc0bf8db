import { Graph, layout } from '@dagrejs/dagre';
import type { FlowDocument, Position } from '../flow/document';

export interface Size {
  width: number;
  height: number;
}

const DEFAULT_SIZE: Size = { width: 272, height: 152 };

/** Lays the cards out from left to right along their edges. Its upper left corner stays where it was. */
export function tidied(doc: Pick<FlowDocument, 'nodes' | 'edges'>, sizes: ReadonlyMap<string, Size>): Map<string, Position> {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 40, ranksep: 96 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of doc.nodes) graph.setNode(id, { ...(sizes.get(id) ?? DEFAULT_SIZE) });
  const known = new Set(doc.nodes.map((node) => node.id));
  doc.edges.forEach((edge, at) => {
    if (known.has(edge.source) && known.has(edge.target)) graph.setEdge(edge.source, edge.target, {}, String(at));
  });
  layout(graph);
  const placed = doc.nodes.map(({ id }) => {
    const { x = 0, y = 0, width = 0, height = 0 } = graph.node(id) as Position & Size;
    return { id, x: x - width / 2, y: y - height / 2 };
  });
  const before = cornerOf(doc.nodes.map((node) => node.position));
  const after = cornerOf(placed);
  return new Map(placed.map(({ id, x, y }) => [id, { x: Math.round(x + before.x - after.x), y: Math.round(y + before.y - after.y) }]));
}

function cornerOf(points: readonly Position[]): Position {
  return { x: Math.min(...points.map(({ x }) => x)), y: Math.min(...points.map(({ y }) => y)) };
}
