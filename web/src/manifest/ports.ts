import { reaches, sameEdge, type FlowDocument, type FlowEdge, type FlowNode } from '../flow/document';
import { inputPort, meet, outputPort, type Catalog } from './catalog';
import type { NodeDeclaration, Port } from './types';

/** Whether two ports may be joined, and if not, why, as a sentence for the person at the canvas. */
export type Verdict = { ok: true } | { ok: false; reason: string };

const OK: Verdict = { ok: true };

/** One end of a connection that is being made. */
export interface PortRef {
  node: string;
  port: string;
  side: 'source' | 'target';
}

/** A port that could take the other end, and whether it fits. */
export interface Candidate {
  node: FlowNode;
  declaration: NodeDeclaration;
  port: Port;
  edge: FlowEdge;
  verdict: Verdict;
}

export function canConnect(
  catalog: Catalog,
  flow: Pick<FlowDocument, 'nodes' | 'edges'>,
  edge: FlowEdge,
  replacing?: FlowEdge,
): Verdict {
  const edges = replacing ? flow.edges.filter((other) => !sameEdge(other, replacing)) : flow.edges;
  if (edge.source === edge.target) return refuse('A node can’t be connected to itself.');
  const source = flow.nodes.find((node) => node.id === edge.source);
  const target = flow.nodes.find((node) => node.id === edge.target);
  if (!source || !target) return refuse('That node is no longer here.');
  const takerType = catalog.node(target.type);
  const output = outputPort(catalog.node(source.type), edge.sourceHandle);
  const input = inputPort(takerType, edge.targetHandle);
  if (!output || !input) return refuse('That port is not known here.');
  if (!meet(output.types, input.types)) {
    return refuse(`${input.title} takes ${input.types[0]}, and this gives ${output.types[0]}.`);
  }
  if (edges.some((other) => sameEdge(other, edge))) return refuse('These two are connected already.');
  if (!input.many && edges.some((other) => other.target === edge.target && other.targetHandle === edge.targetHandle)) {
    return refuse(`${input.title} takes one connection. Remove the one it has first.`);
  }
  if (reaches(edges, edge.target, edge.source)) return refuse('That would close a circle.');
  return OK;
}

/** Every port on the other side, with the verdict on it: those that fit first. */
export function candidates(
  catalog: Catalog,
  flow: Pick<FlowDocument, 'nodes' | 'edges'>,
  from: PortRef,
): Candidate[] {
  const found = flow.nodes.flatMap((node) => {
    const declaration = catalog.node(node.type);
    if (!declaration || node.id === from.node) return [];
    const { inputPorts, outputPorts } = declaration['x-node'];
    return (from.side === 'source' ? inputPorts : outputPorts).map((port) => {
      const edge = edgeBetween(from, { node: node.id, port: port.id });
      return { node, declaration, port, edge, verdict: canConnect(catalog, flow, edge) };
    });
  });
  return found.sort((left, right) => Number(right.verdict.ok) - Number(left.verdict.ok));
}

/** The port of a new node of this type that would take the connection, if any. */
export function fittingPort(catalog: Catalog, declaration: NodeDeclaration, from: PortRef, flow: FlowDocument): Port | undefined {
  const origin = flow.nodes.find((node) => node.id === from.node);
  const originType = origin && catalog.node(origin.type);
  const port = from.side === 'source' ? outputPort(originType, from.port) : inputPort(originType, from.port);
  if (!port) return undefined;
  const { inputPorts, outputPorts } = declaration['x-node'];
  return (from.side === 'source' ? inputPorts : outputPorts).find((other) => meet(port.types, other.types));
}

export function edgeBetween(from: PortRef, to: { node: string; port: string }): FlowEdge {
  return from.side === 'source'
    ? { source: from.node, sourceHandle: from.port, target: to.node, targetHandle: to.port }
    : { source: to.node, sourceHandle: to.port, target: from.node, targetHandle: from.port };
}

function refuse(reason: string): Verdict {
  return { ok: false, reason };
}
