import type { FlowDocument } from '../flow/document';
import type { Catalog } from '../manifest/catalog';

/** The session that a memory node names by itself. */
export function ownSession(catalog: Catalog, { nodes }: FlowDocument, memory: string | undefined): string | undefined {
  const node = nodes.find(({ id }) => id === memory);
  const declaration = node && catalog.node(node.type);
  const properties = declaration?.properties ?? {};
  const [name] = Object.entries(properties).find(([, schema]) => schema['x-ui']?.widget === 'session') ?? [];
  const value = name === undefined ? undefined : node?.inputs[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
