import { parseExact } from '../api/json';
import { freeId, type FlowDocument, type FlowEdge, type FlowNode, type Position } from './document';

/** A part of a flow on its way: nodes, and the edges among them. */
export interface Fragment {
  nodes: readonly FlowNode[];
  edges: readonly FlowEdge[];
}

const MARK = 'canvas-memory/fragment';
/** Where a duplicate lies beside its original. */
const BESIDE: Position = { x: 32, y: 32 };

export function fragmentOf(doc: FlowDocument, nodes: ReadonlySet<string>): Fragment {
  return {
    nodes: doc.nodes.filter((node) => nodes.has(node.id)),
    edges: doc.edges.filter((edge) => nodes.has(edge.source) && nodes.has(edge.target)),
  };
}

export function toText(fragment: Fragment): string {
  return JSON.stringify({ [MARK]: 1, ...fragment }, null, 2);
}

/** Reads what `toText` wrote; anything else is not ours. */
export function fromText(text: string): Fragment | undefined {
  if (!text.includes(MARK)) return undefined;
  try {
    const value = parseExact(text);
    if (!isRecord(value) || value[MARK] !== 1 || !Array.isArray(value['nodes']) || !Array.isArray(value['edges'])) {
      return undefined;
    }
    return { nodes: value['nodes'].filter(isNode), edges: value['edges'].filter(isEdge) };
  } catch {
    return undefined;
  }
}

/** The fragment with ids that are free, its upper left corner at `at`, or beside where it was; never right on another card. */
export function withNewIds(fragment: Fragment, present: readonly FlowNode[], at: Position | undefined): Fragment {
  const used = new Set(present.map(({ id }) => id));
  const ids = new Map<string, string>();
  for (const node of fragment.nodes) {
    const id = freeId(node.type, used);
    used.add(id);
    ids.set(node.id, id);
  }
  const corner = {
    x: Math.min(...fragment.nodes.map((node) => node.position.x)),
    y: Math.min(...fragment.nodes.map((node) => node.position.y)),
  };
  const shift = at ? { x: at.x - corner.x, y: at.y - corner.y } : { ...BESIDE };
  const shifted = ({ x, y }: Position) => ({ x: Math.round(x + shift.x), y: Math.round(y + shift.y) });
  const covers = (node: FlowNode) => present.some(({ position: { x, y } }) => x === shifted(node.position).x && y === shifted(node.position).y);
  while (fragment.nodes.some(covers)) {
    shift.x += BESIDE.x;
    shift.y += BESIDE.y;
  }
  return {
    nodes: fragment.nodes.map((node) => ({ ...node, id: ids.get(node.id) ?? node.id, position: shifted(node.position) })),
    edges: fragment.edges.flatMap((edge) => {
      const source = ids.get(edge.source);
      const target = ids.get(edge.target);
      return source !== undefined && target !== undefined ? [{ ...edge, source, target }] : [];
    }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNode(value: unknown): value is FlowNode {
  if (!isRecord(value)) return false;
  const { id, type, version, position, inputs } = value;
  return (
    typeof id === 'string' &&
    typeof type === 'string' &&
    typeof version === 'number' &&
    isRecord(position) &&
    Number.isFinite(position['x']) &&
    Number.isFinite(position['y']) &&
    isRecord(inputs)
  );
}

function isEdge(value: unknown): value is FlowEdge {
  return (
    isRecord(value) &&
    ['source', 'sourceHandle', 'target', 'targetHandle'].every((end) => typeof value[end] === 'string')
  );
}
