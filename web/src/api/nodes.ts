import type { Inputs } from '../flow/document';
import type { Manifest } from '../manifest/types';
import { call } from './client';
import type { Ok, Shape } from './types';

export type Choice = Shape<'Choice'>;
export type Finding = Shape<'Finding'>;
/** A node of a saved flow with all that it stands on, or one by itself. */
export type NodeRef = { flow: string; node: string } | { type: string; inputs: Inputs; credential?: string };

export const nodes = {
  manifest: () => call<Manifest>('/manifest'),
  health: (node: NodeRef, signal?: AbortSignal) => call<Ok<'checkNode'>>('/nodes/health', { body: { node }, ...(signal && { signal }) }),
  /** Makes what the node's service lacks; what is there already is not changed. */
  setUp: (node: NodeRef) => call<Ok<'setUpNode'>>('/nodes/setup', { body: { node } }),
  examine: (node: NodeRef) => call<Ok<'examine'>>('/doctor', { body: { node } }),
  options: (body: { type: string; method: string; inputs: Inputs; credential?: string }, signal?: AbortSignal) =>
    call<Ok<'listOptions'>>('/nodes/options', { body, ...(signal && { signal }) }),
};
