import type { Host } from './host';
import type { MemoryRef } from './stores';

/** A flow of a talk and the facts that were kept of it. */
export async function graphOf(host: Host, facts: readonly (readonly [id: string, content: string])[] = [], relations: readonly (readonly [string, string, string])[] = []): Promise<MemoryRef> {
  const node = (id: string, type: string, y: number, inputs: object = {}) => ({ id, type, version: 1, position: { x: id === 'chain' ? 360 : 0, y }, inputs });
  const edge = (source: string, port: string) => ({ source, sourceHandle: port, target: 'chain', targetHandle: port });
  const nodes = [
    node('model', 'echoModel', 0),
    node('memory', 'DynamoDBChatMemory', 160, { tableName: 'talks', partitionKey: 'session', sortKey: 'turn', endpoint: 'builtin', createTable: true }),
    node('facts', 'mem0DynamoDBGraphMemory', 360, { tableName: 'facts', endpoint: 'builtin' }),
    node('chain', 'conversationChain', 96),
  ];
  const edges = [edge('model', 'model'), edge('memory', 'memory'), { ...edge('facts', 'graph'), sourceHandle: 'graph' }];
  const { id: flow } = await host.api<{ id: string }>('/flows', { flow: { format: 1, name: 'Travel desk', nodes, edges } });
  const memory = { flow, node: 'facts' };
  const origin = { cm_sources: [{ session: 'lisbon-trip', turn_id: '0123456789abcdef0123456789abcdef', message_ids: [] }] };
  for (const [id, content] of facts) await host.api('/graph/put_node', { memory, node: { id, content, metadata: origin } });
  for (const [source, relationship_type, target] of relations) await host.api('/graph/link', { memory, source, relationship_type, target, properties: origin });
  return memory;
}

export const FACTS = [
  ['Collin', 'Collin plans a week in Lisbon in May.'],
  ['Lisbon', 'Built on seven hills.'],
  ['Alfama', 'The oldest quarter.'],
  ['Sintra', 'A day by train.'],
] as const;
export const RELATIONS = [
  ['Collin', 'PLANS_TRIP_TO', 'Lisbon'],
  ['Alfama', 'PART_OF', 'Lisbon'],
  ['Sintra', 'NEAR', 'Lisbon'],
] as const;
