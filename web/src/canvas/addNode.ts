import type { FlowEdge, Position } from '../flow/document';
import type { FlowStore } from '../flow/store';
import type { Catalog } from '../manifest/catalog';
import { edgeBetween, fittingPort, type PortRef } from '../manifest/ports';
import type { NodeDeclaration } from '../manifest/types';

export const GRID = 8;
/** About as wide as a card, to set one beside or under the pointer. */
export const CARD_WIDTH = 272;
const HEAD = 28;

/** Adds a node with its head under the point; connects it where a wire led there. */
export function addNode(flow: FlowStore, catalog: Catalog, declaration: NodeDeclaration, at: Position, from?: PortRef): string {
  const { type, version } = declaration['x-node'];
  const port = from && fittingPort(catalog, declaration, from, flow.getState().doc);
  const left = from ? (from.side === 'source' ? at.x : at.x - CARD_WIDTH) : at.x - CARD_WIDTH / 2;
  const position = { x: snap(left), y: snap(at.y - HEAD) };
  const edge = from && port ? (id: string): FlowEdge => edgeBetween(from, { node: id, port: port.id }) : undefined;
  return flow.commands.addNode({ type, version, position }, edge);
}

/** The place nearest to the wanted one where a new card covers no other. */
export function freePlace(flow: FlowStore, wanted: Position): Position {
  const { nodes } = flow.getState().doc;
  const covers = (at: Position) =>
    nodes.some(
      ({ position }) =>
        Math.abs(position.x + CARD_WIDTH / 2 - at.x) < CARD_WIDTH + GAP && Math.abs(position.y + HEAD - at.y) < CARD_HEIGHT + GAP,
    );
  for (let ring = 0; ring < RINGS; ring++) {
    const free = aroundRing(wanted, ring * STEP).filter((at) => !covers(at));
    const [nearest] = free.sort((left, right) => distance(left, wanted) - distance(right, wanted));
    if (nearest) return nearest;
  }
  return wanted;
}

const CARD_HEIGHT = 168;
const GAP = 24;
const STEP = 56;
const RINGS = 60;

function aroundRing({ x, y }: Position, radius: number): Position[] {
  if (radius === 0) return [{ x, y }];
  const places: Position[] = [];
  for (let along = -radius; along <= radius; along += STEP) {
    places.push({ x: x + along, y: y + radius }, { x: x + radius, y: y + along }, { x: x + along, y: y - radius }, { x: x - radius, y: y + along });
  }
  return places;
}

function distance(left: Position, right: Position): number {
  return Math.hypot(left.x - right.x, left.y - right.y);
}

function snap(value: number): number {
  return Math.round(value / GRID) * GRID;
}
