import { call } from './client';
import type { Ok, Sent, Shape } from './types';

export type ShownCredential = Shape<'ShownCredential'>;
export type CredentialUse = Shape<'CredentialUse'>;
export type Health = Shape<'Health'>;
export type TestTarget = Shape<'TestTarget'>;
export type Fields = Readonly<Record<string, unknown>>;

const at = (id: string) => `/credentials/${encodeURIComponent(id)}`;

export const credentials = {
  list: () => call<Ok<'listCredentials'>>('/credentials'),
  get: (id: string) => call<ShownCredential>(at(id)),
  create: (body: { name: string; type: string; fields: Fields }) => call<ShownCredential>('/credentials', { body }),
  /** `fields` is a merge patch: what is left out stays, null takes away. */
  change: (id: string, body: { name?: string; fields?: Fields }) => call<ShownCredential>(at(id), { method: 'PATCH', body }),
  /** With `id`, what is saved fills in what `fields` leaves out. */
  test: (body: Omit<Sent<'testCredential'>, 'fields'> & { fields: Fields }) => call<Health>('/credentials/test', { body }),
  /** Refused with status 409 while a node uses it, unless forced. */
  remove: (id: string, force: boolean) => call<undefined>(`${at(id)}${force ? '?force=true' : ''}`, { method: 'DELETE' }),
};
