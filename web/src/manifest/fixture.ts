import { catalogOf, type Catalog } from './catalog';
import type { CredentialDeclaration, NodeDeclaration, Port } from './types';

/** For tests: the declarations that the repository ships. */
export const NODES = Object.values(
  import.meta.glob<NodeDeclaration>('../../../ui-schema/nodes/*.json', { eager: true, import: 'default' }),
);
export const CREDENTIALS = Object.values(
  import.meta.glob<CredentialDeclaration>('../../../ui-schema/credentials/*.json', { eager: true, import: 'default' }),
);

/** For tests: a declaration of a node that gives and takes what the test says. */
export function nodeType(type: string, inputPorts: Port[], outputPorts: Port[], more: Partial<NodeDeclaration['x-node']> = {}): NodeDeclaration {
  return {
    title: type,
    type: 'object',
    properties: {},
    'x-node': { type, version: 1, category: 'Test', credentials: [], inputPorts, outputPorts, capabilities: [], icon: '<svg />', docs: '-', ...more },
  };
}

export function catalog(nodes: NodeDeclaration[] = NODES): Catalog {
  return catalogOf({ version: 1, nodes, credentials: CREDENTIALS });
}
