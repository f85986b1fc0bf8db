import { call } from './client';
import type { Ok } from './types';

/** A graph node of a saved flow. */
export interface GraphRef {
  flow: string;
  node: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** A fact, or a thing with a name. */
export type Fact = FactPage['nodes'][number];
export type Relation = Neighbourhood['edges'][number];
export type FactPage = Ok<'listGraphNodes'>;
export type Hit = Ok<'searchGraph'>['hits'][number];
type Neighbourhood = Ok<'readNeighbourhood'>;

export type NewFact = Pick<Fact, 'id' | 'content'> & { metadata: Fields | undefined };
/** A change may stand although the history that is connected did not take note of it. */
export type Recorded = Pick<Ok<'unlinkGraphNodes'>, 'usage' | 'unrecorded'>;

export type NewRelation = Pick<Relation, 'source' | 'relationship_type' | 'target'>;

/** What becomes of a fact's fields: what is left out stays, null takes away. */
export interface FactChange {
  content?: string;
  metadata?: Fields | null;
  /** Only if the content still is this. */
  if_content?: string;
}

export const graph = {
  list: (memory: GraphRef, limit: number, page?: string) => call<FactPage>('/graph/nodes', { body: { memory, limit, ...(page !== undefined && { page }) } }),
  search: (memory: GraphRef, text: string, limit: number) => call<Ok<'searchGraph'>>('/graph/search', { body: { memory, text, limit } }),
  neighbourhood: (memory: GraphRef, id: string, depth: number, max_nodes: number) =>
    call<Neighbourhood>('/graph/neighbourhood', { body: { memory, id, depth, max_nodes } }),
  put: (memory: GraphRef, { id, content, metadata }: NewFact) =>
    call<Ok<'putGraphNode'>>('/graph/put_node', { body: { memory, node: { id, content, ...(metadata && { metadata }) } } }),
  change: (memory: GraphRef, id: string, change: FactChange) => call<Ok<'updateGraphNode'>>('/graph/update_node', { body: { memory, id, ...change } }),
  remove: (memory: GraphRef, id: string) => call<Ok<'deleteGraphNode'>>('/graph/delete_node', { body: { memory, id } }),
  link: (memory: GraphRef, relation: NewRelation) => call<Ok<'linkGraphNodes'>>('/graph/link', { body: { memory, ...relation } }),
  unlink: (memory: GraphRef, { id, source, relationship_type, target }: Relation) =>
    call<Ok<'unlinkGraphNodes'>>('/graph/unlink', { body: { memory, edge: { id, source, relationship_type, target } } }),
};

export type GraphApi = typeof graph;
