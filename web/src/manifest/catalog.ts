import type { CredentialDeclaration, CredentialSlot, Manifest, NodeDeclaration, Port } from './types';

/** The manifest with its look-ups. Made once; everything that the page knows of nodes comes from here. */
export interface Catalog {
  nodes: NodeDeclaration[];
  /** Memory first, the others by name. */
  categories: Category[];
  node: (type: string) => NodeDeclaration | undefined;
  credential: (type: string) => CredentialDeclaration | undefined;
  credentialTypes: readonly string[];
  /** The hue of a category, an index into the theme's `--hue-n`. Memory is always 0, the product's own. */
  hueOf: (declaration: NodeDeclaration | undefined) => number;
  /** The hue of whatever gives one of these types. */
  hueOfTypes: (types: readonly string[]) => number | undefined;
}

export interface Category {
  name: string;
  nodes: NodeDeclaration[];
}

/** Hues that the theme defines beside the product's own. */
const QUIET_HUES = 6;
const MEMORY_TYPE = 'BaseMemory';
const GRAPH_TYPE = 'BaseGraphMemory';
const HISTORY_TYPE = 'BaseHistoryStore';

export function catalogOf(manifest: Manifest): Catalog {
  const nodes = new Map(manifest.nodes.map((node) => [node['x-node'].type, node]));
  const credentials = new Map(manifest.credentials.map((type) => [type['x-credential'].type, type]));
  const categories = categoriesOf(manifest.nodes);
  const hues = huesOf(categories);
  const hueOf = (declaration: NodeDeclaration | undefined) =>
    declaration === undefined ? QUIET_HUES : (hues.get(declaration['x-node'].category) ?? QUIET_HUES);
  return {
    nodes: manifest.nodes,
    categories,
    node: (type) => nodes.get(type),
    credential: (type) => credentials.get(type),
    credentialTypes: [...credentials.keys()],
    hueOf,
    hueOfTypes: (types) => {
      const giver = manifest.nodes.find((node) => node['x-node'].outputPorts.some((port) => meet(port.types, types)));
      return giver && hueOf(giver);
    },
  };
}

export function meet(left: readonly string[], right: readonly string[]): boolean {
  return left.some((type) => right.includes(type));
}

/** Whether a node keeps conversations: one of its outputs is a memory. */
export function isMemory(declaration: NodeDeclaration | undefined): boolean {
  return gives(declaration, MEMORY_TYPE);
}

/** Whether a node keeps facts and how they are related. */
export function isGraph(declaration: NodeDeclaration | undefined): boolean {
  return gives(declaration, GRAPH_TYPE);
}

/** Whether a node keeps what became of memories. */
export function isHistory(declaration: NodeDeclaration | undefined): boolean {
  return gives(declaration, HISTORY_TYPE);
}

/** Whether a node makes what its service lacks, such as its table, when it is asked to. */
export function canSetUp(declaration: NodeDeclaration | undefined): boolean {
  return declaration?.['x-node'].capabilities.includes('setUp') ?? false;
}

function gives(declaration: NodeDeclaration | undefined, type: string): boolean {
  return declaration?.['x-node'].outputPorts.some((port) => port.types.includes(type)) ?? false;
}

export function inputPort(declaration: NodeDeclaration | undefined, id: string): Port | undefined {
  return declaration?.['x-node'].inputPorts.find((port) => port.id === id);
}

export function outputPort(declaration: NodeDeclaration | undefined, id: string): Port | undefined {
  return declaration?.['x-node'].outputPorts.find((port) => port.id === id);
}

/** Whether the slot must be filled, given the node's inputs. */
export function slotRequired(slot: CredentialSlot, inputs: Readonly<Record<string, unknown>>): boolean {
  if (slot.requiredUnless) return inputs[slot.requiredUnless.input] !== slot.requiredUnless.value;
  return slot.required === true;
}

/** Whether the slot has a meaning at all: one that is replaced by an input's value has none while it holds that value. */
export function slotShown(slot: CredentialSlot, inputs: Readonly<Record<string, unknown>>): boolean {
  return !slot.requiredUnless || slotRequired(slot, inputs);
}

/** Nodes whose name, description or type holds every word, best first. */
export function search(catalog: Catalog, query: string): NodeDeclaration[] {
  const words = query.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
  const found = catalog.nodes.flatMap((node) => {
    const title = node.title.toLocaleLowerCase();
    const rest = `${node['x-node'].type} ${node['x-node'].category} ${node.description ?? ''}`.toLocaleLowerCase();
    if (!words.every((word) => title.includes(word) || rest.includes(word))) return [];
    const rank = words.every((word) => title.startsWith(word)) ? 0 : words.every((word) => title.includes(word)) ? 1 : 2;
    return [{ node, rank }];
  });
  return found.sort((left, right) => left.rank - right.rank).map(({ node }) => node);
}

function categoriesOf(nodes: readonly NodeDeclaration[]): Category[] {
  const categories = new Map<string, NodeDeclaration[]>();
  for (const node of nodes) {
    const name = node['x-node'].category;
    const inCategory = categories.get(name);
    if (inCategory) inCategory.push(node);
    else categories.set(name, [node]);
  }
  return [...categories]
    .map(([name, inCategory]) => ({ name, nodes: inCategory }))
    .sort((left, right) => Number(right.nodes.some(isMemory)) - Number(left.nodes.some(isMemory)) || left.name.localeCompare(right.name));
}

function huesOf(categories: readonly Category[]): Map<string, number> {
  const hues = new Map<string, number>();
  let next = 0;
  for (const { name, nodes } of categories) {
    hues.set(name, nodes.some(isMemory) ? 0 : (next++ % QUIET_HUES) + 1);
  }
  return hues;
}
