import type { Step } from '../api/runs';
import type { FlowDocument, FlowNode } from '../flow/document';
import { isGraph, isMemory, meet, type Catalog } from '../manifest/catalog';

/** The nodes that a run goes through, by what they do in it. */
export interface Parts {
  chain: string | undefined;
  memory: string | undefined;
  graph: string | undefined;
  model: string | undefined;
  /** By name, spelled as `spelled` does. */
  tools: Readonly<Record<string, string>>;
}

const CHAIN = ['BaseChain'];
const MODEL = ['BaseChatModel', 'BaseLanguageModel'];
const TOOL = ['Tool'];

/** The chain that the flow runs, and what is connected to it. */
export function partsOf(catalog: Catalog, { nodes, edges }: FlowDocument): Parts {
  const gives = (node: FlowNode, types: readonly string[]) =>
    catalog.node(node.type)?.['x-node'].outputPorts.some((port) => meet(port.types, types)) ?? false;
  const used = new Set(edges.map((edge) => edge.source));
  const chain = nodes.find((node) => gives(node, CHAIN) && !used.has(node.id));
  const sources = new Set(edges.filter((edge) => edge.target === chain?.id).map((edge) => edge.source));
  const connected = nodes.filter((node) => sources.has(node.id));
  const tools = connected.filter((node) => gives(node, TOOL));
  return {
    chain: chain?.id,
    memory: connected.find((node) => isMemory(catalog.node(node.type)))?.id,
    graph: connected.find((node) => isGraph(catalog.node(node.type)))?.id,
    model: connected.find((node) => gives(node, MODEL))?.id,
    tools: Object.fromEntries(tools.flatMap((node) => [node.type, catalog.node(node.type)?.title, node.name].flatMap((name) => (name === undefined ? [] : [[spelled(name), node.id]])))),
  };
}

/** The node that did a step. */
export function partOfStep(parts: Parts, { kind }: Step): string | undefined {
  switch (kind.step) {
    case 'loaded':
    case 'stored':
      return parts.memory ?? parts.chain;
    case 'facts_found':
      return parts.graph ?? parts.chain;
    case 'answered':
      return parts.model ?? parts.chain;
    case 'tool_called':
      return toolNode(parts, kind.tool) ?? parts.chain;
    default:
      return parts.chain;
  }
}

/** The node in which an operation of the host failed. */
export function partOfError(parts: Parts, operation: string | undefined): string | undefined {
  if (operation === 'answer') return parts.model ?? parts.chain;
  if (operation === 'chat' || operation === undefined) return parts.chain;
  return parts.memory ?? parts.chain;
}

/** The node that works after this step, as far as it can be told. */
export function partAfter(parts: Parts, step: Step | undefined): string | undefined {
  if (!step) return parts.memory ?? parts.model;
  if (step.kind.step === 'answered' && step.kind.tool_calls === 0) return parts.memory;
  if (step.kind.step === 'answered') return Object.values(parts.tools)[0];
  if (step.kind.step === 'stored') return undefined;
  return parts.model;
}

function toolNode({ tools }: Parts, name: string): string | undefined {
  const ids = new Set(Object.values(tools));
  return tools[spelled(name)] ?? (ids.size === 1 ? [...ids][0] : undefined);
}

/** `current_date_time`, `currentDateTime` and `Current Date & Time` are one name. */
function spelled(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
