import type { Edge as RfEdge, Node as RfNode } from '@xyflow/react';
import { edgeId, type FlowEdge, type FlowNode } from './document';

export type CardNode = RfNode<{ node: FlowNode }, 'card'>;
export type WireEdge = RfEdge<{ edge: FlowEdge }, 'wire'>;

/** What React Flow knows of a card beside the document. */
export interface Seen {
  measured: ReadonlyMap<string, { width: number; height: number }>;
  dragging: ReadonlySet<string>;
}

/**
 * Turns the document into React Flow's nodes. A node that did not change keeps its identity, so that moving one card
 * renders no other; `data` keeps its identity while only the position changes, so that moving does not render the card.
 */
export function createNodeView() {
  const cards = new Map<string, { node: FlowNode; card: CardNode }>();
  return (
    nodes: readonly FlowNode[],
    selected: ReadonlySet<string>,
    { measured, dragging }: Seen,
    titleOf: (type: string) => string,
  ): CardNode[] => {
    const gone = new Set(cards.keys());
    const view = nodes.map((node) => {
      gone.delete(node.id);
      const before = cards.get(node.id);
      const isSelected = selected.has(node.id);
      const isDragging = dragging.has(node.id);
      const size = measured.get(node.id);
      if (
        before &&
        before.node === node &&
        before.card.selected === isSelected &&
        before.card.dragging === isDragging &&
        before.card.measured === size
      ) {
        return before.card;
      }
      const data = before && sameButPosition(before.card.data.node, node) ? before.card.data : { node };
      const card: CardNode = {
        id: node.id,
        type: 'card',
        position: node.position,
        data,
        selected: isSelected,
        dragging: isDragging,
        ariaLabel: labelOf(node, titleOf(node.type)),
        ...(size && { measured: size }),
      };
      cards.set(node.id, { node, card });
      return card;
    });
    for (const id of gone) cards.delete(id);
    return view;
  };
}

function labelOf(node: FlowNode, title: string): string {
  return node.name === undefined || node.name === title ? title : `${node.name}, ${title}`;
}

/** Turns the document's edges into React Flow's. `nameOf` says what people call a node, for those who hear the edge. */
export function createEdgeView() {
  let wires = new Map<FlowEdge, WireEdge>();
  return (edges: readonly FlowEdge[], selected: ReadonlySet<string>, nameOf: (node: string) => string): WireEdge[] => {
    const next = new Map<FlowEdge, WireEdge>();
    for (const edge of edges) {
      const id = edgeId(edge);
      const isSelected = selected.has(id);
      const ariaLabel = `Connection from ${nameOf(edge.source)} to ${nameOf(edge.target)}`;
      const before = wires.get(edge);
      next.set(
        edge,
        before && before.selected === isSelected && before.ariaLabel === ariaLabel
          ? before
          : { id, type: 'wire', ...edge, data: { edge }, selected: isSelected, ariaLabel },
      );
    }
    wires = next;
    return [...next.values()];
  };
}

function sameButPosition(left: FlowNode, right: FlowNode): boolean {
  return (
    left.type === right.type &&
    left.name === right.name &&
    left.inputs === right.inputs &&
    left.credential === right.credential &&
    left.version === right.version &&
    left.foreign === right.foreign
  );
}
