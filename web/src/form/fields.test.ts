import { describe, expect, test } from 'vitest';
import { CREDENTIALS, NODES } from '../manifest/fixture';
import type { Schema } from '../manifest/types';
import { problemOf } from './check';
import { formOf, type Field } from './fields';

const SHIPPED: [string, Schema][] = [...NODES, ...CREDENTIALS].map((schema) => [schema.title, schema]);

function all(fields: Field[]): Field[] {
  return fields.flatMap((field) => [
    field,
    ...(field.kind === 'variants' ? field.variants.flatMap((variant) => all(variant.fields)) : []),
    ...(field.kind === 'group' ? all(field.fields) : []),
    ...(field.kind === 'list' ? all([field.item]) : []),
  ]);
}

function fieldsOf(schema: Schema): Field[] {
  const model = formOf(schema);
  return all(model.kind === 'fields' ? model.fields : model.variants.flatMap((variant) => variant.fields));
}

function field(property: Schema, $defs: Record<string, Schema> = {}): Field {
  const [first] = fieldsOf({ type: 'object', properties: { it: property }, $defs });
  if (!first) throw new Error('no field');
  return first;
}

describe.each(SHIPPED)('the schema of %s', (_, schema) => {
  test('is a form: each field has a control and a title of its own', () => {
    for (const each of fieldsOf(schema)) {
      expect([each.name, each.kind]).not.toContain('json');
      expect(each.title).not.toBe('');
    }
  });

  test('has defaults that its own checks accept', () => {
    for (const each of fieldsOf(schema)) {
      if (each.default !== undefined) expect([each.name, problemOf(each, each.default)]).toEqual([each.name, undefined]);
    }
  });

  test('loses no property and no secret', () => {
    const text = JSON.stringify(schema);
    const secrets = fieldsOf(schema).filter(({ kind }) => kind === 'secret');
    expect(secrets.length).toBe(text.split('"writeOnly":true').length - 1);
    const named = new Set(fieldsOf(schema).map(({ name }) => name));
    for (const name of Object.keys(schema.properties ?? {})) expect(named).toContain(name);
  });
});

describe('the forms that schemars writes', () => {
  test('an optional value', () => {
    expect(field({ type: ['string', 'null'] })).toMatchObject({ kind: 'text', required: false });
    expect(field({ type: ['integer', 'null'], format: 'uint64', minimum: 1 })).toMatchObject({ kind: 'number', integer: true, minimum: 1 });
    expect(field({ type: 'integer', format: 'uint32' })).toMatchObject({ kind: 'number', minimum: 0 });
  });

  test('an enum in $defs, optional and not', () => {
    const Mode: Schema = { title: 'Mode', oneOf: [{ const: 'a', title: 'A', description: 'First.' }, { const: 'b', title: 'B' }] };
    const choices = [{ value: 'a', title: 'A', description: 'First.' }, { value: 'b', title: 'B' }];
    expect(field({ $ref: '#/$defs/Mode' }, { Mode })).toMatchObject({ kind: 'choice', choices, title: 'Mode' });
    expect(field({ anyOf: [{ $ref: '#/$defs/Mode' }, { type: 'null' }], title: 'Own' }, { Mode })).toMatchObject({ kind: 'choice', choices, title: 'Own' });
    expect(field({ type: 'string', enum: ['a', 'b'] })).toMatchObject({ kind: 'choice', choices: [{ value: 'a', title: 'a' }, { value: 'b', title: 'b' }] });
    expect(field({ oneOf: [{ type: 'string', enum: ['x', 'y'] }, { type: 'string', const: 'z', description: 'Last.' }] })).toMatchObject({
      kind: 'choice',
      choices: [{ value: 'x' }, { value: 'y' }, { value: 'z', description: 'Last.' }],
    });
  });

  test('variants behind a reference', () => {
    const One: Schema = { type: 'object', title: 'One', properties: { kind: { type: 'string', const: 'one' }, size: { type: 'integer' } }, required: ['kind', 'size'] };
    const Two: Schema = { type: 'object', title: 'Two', properties: { kind: { type: 'string', const: 'two' } }, required: ['kind'] };
    const found = field({ $ref: '#/$defs/Pick' }, { Pick: { oneOf: [{ $ref: '#/$defs/One' }, { $ref: '#/$defs/Two' }] }, One, Two });
    expect(found).toMatchObject({ kind: 'variants', tag: 'kind', variants: [{ tag: 'one', fields: [{ name: 'size', required: true }] }, { tag: 'two', fields: [] }] });
  });

  test('lists, groups, and what has no control of its own', () => {
    expect(field({ type: 'array', items: { type: 'string' } })).toMatchObject({ kind: 'list', item: { kind: 'text' } });
    expect(field({ type: 'object', properties: { a: { type: 'boolean' } } })).toMatchObject({ kind: 'group', fields: [{ kind: 'toggle' }] });
    expect(field({ type: 'object', additionalProperties: true })).toMatchObject({ kind: 'json' });
    expect(field({ $ref: '#/$defs/Loop' }, { Loop: { $ref: '#/$defs/Loop' } })).toMatchObject({ kind: 'json' });
  });
});

describe('a check', () => {
  const number = field({ type: 'integer', minimum: 1, maximum: 10 });
  const name = { ...field({ type: 'string', minLength: 3, pattern: '^\\S+$' }), required: true };

  test.each([
    [number, undefined, undefined],
    [number, 5, undefined],
    [number, 0, 'Write 1 or more.'],
    [number, 11, 'Write 10 or less.'],
    [number, 1.5, 'Write a whole number.'],
    [number, '60s', 'Write a whole number.'],
    [name, undefined, 'Fill this in.'],
    [name, '', 'Fill this in.'],
    [name, 'ab', 'Write at least 3 characters.'],
    [name, 'a b c', 'This has not the right form.'],
    [name, '𝒶𝒷𝒸', undefined],
    [field({ type: 'boolean' }), 'yes', 'This is either on or off.'],
  ])('says what to do: %#', (which, value, problem) => {
    expect(problemOf(which, value)).toBe(problem);
  });
});
