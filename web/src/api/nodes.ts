import type { Inputs } from '../flow/document';
import type { Manifest } from '../manifest/types';
import { call } from './client';
import type { Ok, Shape } from './types';

export type Choice = Shape<'Choice'>;

export const nodes = {
  manifest: () => call<Manifest>('/manifest'),
  options: (body: { type: string; method: string; inputs: Inputs; credential?: string }, signal?: AbortSignal) =>
    call<Ok<'listOptions'>>('/nodes/options', { body, ...(signal && { signal }) }),
};
