import { describe, expect, test } from 'vitest';
import { NODES } from '../manifest/fixture';
import type { Schema } from '../manifest/types';
import { draftProblems, firstFields, freeName, NOTHING_SAVED, patchOf, targetOf } from './draft';

const secret: Schema = { type: 'string', format: 'password', writeOnly: true, minLength: 1 };
const variant = (kind: string, properties: Record<string, Schema>, required = Object.keys(properties)): Schema => ({
  type: 'object',
  title: kind,
  properties: { kind: { type: 'string', const: kind }, ...properties },
  required,
});
const KEYS = variant('keys', { key: secret, secret });
const ROLE = variant('role', { role: { type: 'string' }, base: { oneOf: [KEYS, variant('machine', {})] } });
const SCHEMA: Schema = { oneOf: [KEYS, ROLE, variant('machine', {})] };

describe('the draft of a credential', () => {
  test('begins with the first variant, and with the saved one where something is saved', () => {
    expect(firstFields(SCHEMA, NOTHING_SAVED)).toEqual({ kind: 'keys' });
    expect(firstFields(SCHEMA, new Set(['kind', 'role', 'base']))).toEqual({ kind: 'role' });
    expect(firstFields(SCHEMA, new Set(['kind']))).toEqual({ kind: 'machine' });
    expect(firstFields({ properties: { token: secret } }, NOTHING_SAVED)).toEqual({});
  });

  test('needs what is required, unless it is saved', () => {
    expect(Object.keys(draftProblems(SCHEMA, { kind: 'keys', key: 'k' }, NOTHING_SAVED))).toEqual(['secret']);
    expect(draftProblems(SCHEMA, { kind: 'keys' }, new Set(['kind', 'key', 'secret']))).toEqual({});
  });

  test('sends what was written, and takes away what the variant does not have', () => {
    expect(patchOf(SCHEMA, { kind: 'keys', key: 'k' }, NOTHING_SAVED)).toEqual({ kind: 'keys', key: 'k' });
    expect(patchOf(SCHEMA, { kind: 'keys', secret: 's' }, new Set(['kind', 'key', 'secret']))).toEqual({ kind: 'keys', secret: 's' });
    expect(patchOf(SCHEMA, { kind: 'machine' }, new Set(['kind', 'key', 'secret']))).toEqual({ kind: 'machine', key: null, secret: null });
  });

  test('replaces a variant within it whole', () => {
    const patch = patchOf(SCHEMA, { kind: 'role', base: { kind: 'machine' } }, new Set(['kind', 'role', 'base']));
    expect(patch).toEqual({ kind: 'role', base: { kind: 'machine', key: null, secret: null } });
  });

  test('is tried where the node points to, by its inputs or their defaults', () => {
    const node = NODES.find(({ properties }) => properties?.['region']?.default !== undefined);
    if (!node) throw new Error('no node has a region by default');
    expect(targetOf(node, {})).toEqual({ endpoint: null, region: node.properties?.['region']?.default, provider: null });
    expect(targetOf(node, { region: 'eu-west-1', endpoint: 'http://127.0.0.1:1' })).toMatchObject({ endpoint: 'http://127.0.0.1:1', region: 'eu-west-1' });
  });

  test('gets a name that is free', () => {
    expect(freeName('AWS', [])).toBe('AWS');
    expect(freeName('AWS', ['AWS', 'AWS 2'])).toBe('AWS 3');
  });
});
