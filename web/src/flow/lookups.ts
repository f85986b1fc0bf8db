import type { FlowEdge, FlowNode } from './document';

/** Look-ups that many cards make at every change. Each is built once for each list, as lists never change in place. */

const nodesById = new WeakMap<readonly FlowNode[], ReadonlyMap<string, FlowNode>>();
const inputsInUse = new WeakMap<readonly FlowEdge[], ReadonlyMap<string, string>>();

export function nodeOf(nodes: readonly FlowNode[], id: string): FlowNode | undefined {
  let byId = nodesById.get(nodes);
  if (!byId) {
    byId = new Map(nodes.map((node) => [node.id, node]));
    nodesById.set(nodes, byId);
  }
  return byId.get(id);
}

/** The input ports of a node that are connected, joined by line ends: text, so that a card renders anew only when its own change. */
export function connectedInputs(edges: readonly FlowEdge[], node: string): string {
  let inUse = inputsInUse.get(edges);
  if (!inUse) {
    const ports = new Map<string, string>();
    for (const { target, targetHandle } of edges) {
      const before = ports.get(target);
      ports.set(target, before === undefined ? targetHandle : `${before}\n${targetHandle}`);
    }
    inUse = ports;
    inputsInUse.set(edges, inUse);
  }
  return inUse.get(node) ?? '';
}
