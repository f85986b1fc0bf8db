import type { NodeDeclaration, Schema } from '../manifest/types';

/** A field of a form, read from its schema. */
export type Field = Common &
  (
    | { kind: 'text'; multiline: boolean; widget?: 'session' | 'variable'; minLength?: number; maxLength?: number; pattern?: string }
    | { kind: 'secret'; minLength?: number; pattern?: string }
    | { kind: 'number'; integer: boolean; minimum?: number; maximum?: number; above?: number; below?: number; step?: number; unit?: string }
    | { kind: 'toggle' }
    | { kind: 'choice'; choices: ChoiceOption[] }
    | Variants
    | { kind: 'list'; item: Field; minItems?: number; maxItems?: number }
    | { kind: 'group'; fields: Field[] }
    | { kind: 'json' }
  );

export type FieldOf<Kind extends Field['kind']> = Extract<Field, { kind: Kind }>;

interface Common {
  name: string;
  title: string;
  description?: string;
  required: boolean;
  advanced: boolean;
  section?: string;
  placeholder?: string;
  default?: unknown;
  /** Choices that the host looks up. */
  options?: { method: string; dependsOn: string[] };
  /** What to use instead, where the field is no longer offered. */
  deprecated?: string;
}

export interface ChoiceOption {
  value: unknown;
  title: string;
  description?: string;
}

export interface Variants {
  kind: 'variants';
  /** The property that tells the variants apart. */
  tag: string;
  variants: Variant[];
}

export interface Variant {
  tag: unknown;
  title: string;
  description?: string;
  fields: Field[];
}

/** The form of a whole schema: plain fields, or variants at its root. */
export type FormModel = { kind: 'fields'; fields: Field[] } | (Variants & { default: unknown });

const models = new WeakMap<Schema, FormModel>();

export function formOf(schema: Schema): FormModel {
  let model = models.get(schema);
  if (!model) {
    const variants = readVariants(schema, schema);
    model = variants
      ? { ...variants, default: schema.default }
      : { kind: 'fields', fields: readProperties(schema, schema) };
    models.set(schema, model);
  }
  return model;
}

/** The fields of a node; its schema has no variants at the root. */
export function inputFields(declaration: NodeDeclaration): Field[] {
  const model = formOf(declaration);
  return model.kind === 'fields' ? model.fields : [];
}

function readProperties(schema: Schema, root: Schema): Field[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const resolved = resolve(property, root);
    return resolved.const === undefined ? [readField(name, resolved, required.has(name), root)] : [];
  });
}

function readField(name: string, schema: Schema, required: boolean, root: Schema): Field {
  const ui = schema['x-ui'] ?? {};
  const options = schema['x-options'];
  const deprecated = schema['x-deprecated'];
  const common: Common = {
    name,
    title: schema.title ?? name,
    required: required && schema.default === undefined,
    advanced: ui.advanced === true,
    ...given({
      description: schema.description,
      section: ui.group,
      placeholder: ui.placeholder,
      default: schema.default,
      options: options && { method: options.method, dependsOn: options.dependsOn ?? [] },
      deprecated: deprecated && (deprecated.instead ?? 'It is no longer used.'),
    }),
  };
  return { ...common, ...readKind(schema, root) };
}

type Kind = Field extends infer Each ? (Each extends Field ? Omit<Each, keyof Common> : never) : never;

function readKind(schema: Schema, root: Schema): Kind {
  const choices = readChoices(schema, root);
  if (choices) return { kind: 'choice', choices };
  const variants = readVariants(schema, root);
  if (variants) return variants;
  const ui = schema['x-ui'] ?? {};
  switch (typeOf(schema)) {
    case 'string': {
      const { minLength, maxLength, pattern } = schema;
      if (schema.format === 'password' || schema.writeOnly) {
        return { kind: 'secret', ...given({ minLength, pattern }) };
      }
      const widget = ui.widget === 'session' || ui.widget === 'variable' ? ui.widget : undefined;
      return { kind: 'text', multiline: ui.widget === 'multiline', ...given({ widget, minLength, maxLength, pattern }) };
    }
    case 'integer':
    case 'number':
      return {
        kind: 'number',
        integer: typeOf(schema) === 'integer',
        ...given({
          minimum: schema.minimum ?? (schema.format?.startsWith('uint') ? 0 : undefined),
          maximum: schema.maximum,
          above: schema.exclusiveMinimum,
          below: schema.exclusiveMaximum,
          step: schema.multipleOf,
          unit: ui.unit,
        }),
      };
    case 'boolean':
      return { kind: 'toggle' };
    case 'array':
      if (schema.items) {
        const item = readField('', resolve(schema.items, root), true, root);
        return { kind: 'list', item, ...given({ minItems: schema.minItems, maxItems: schema.maxItems }) };
      }
      return { kind: 'json' };
    case 'object':
      return schema.properties ? { kind: 'group', fields: readProperties(schema, root) } : { kind: 'json' };
    default:
      return { kind: 'json' };
  }
}

function readChoices(schema: Schema, root: Schema): ChoiceOption[] | undefined {
  if (schema.enum) return schema.enum.filter((value) => value !== null).map((value) => ({ value, title: String(value) }));
  const each = schema.oneOf?.map((one) => resolve(one, root)).filter((one) => typeOf(one) !== 'null');
  if (!each || each.length === 0) return undefined;
  // An enum beside constants is how schemars writes choices without a description among others that have one.
  if (!each.every((one) => one.const !== undefined || one.enum !== undefined)) return undefined;
  return each.flatMap((one) =>
    one.const === undefined
      ? (one.enum ?? []).map((value) => ({ value, title: String(value) }))
      : [{ value: one.const, title: one.title ?? String(one.const), ...given({ description: one.description }) }],
  );
}

function readVariants(schema: Schema, root: Schema): Variants | undefined {
  const each = (schema.oneOf ?? schema.anyOf)?.map((one) => resolve(one, root));
  const [first] = each ?? [];
  if (!each || !first?.properties) return undefined;
  const tag = Object.keys(first.properties).find((name) => each.every((one) => one.properties?.[name]?.const !== undefined));
  if (tag === undefined) return undefined;
  return {
    kind: 'variants',
    tag,
    variants: each.map((one) => ({
      tag: one.properties?.[tag]?.const,
      title: one.title ?? String(one.properties?.[tag]?.const),
      ...given({ description: one.description }),
      fields: readProperties(one, root),
    })),
  };
}

/** Follows `$ref`, and takes the one that is not null out of an optional's `anyOf`. What stands beside them wins. */
function resolve(schema: Schema, root: Schema, depth = 0): Schema {
  if (depth > 16) return schema;
  if (schema.$ref !== undefined) {
    const { $ref, ...beside } = schema;
    const target = root.$defs?.[$ref.replace(/^#\/\$defs\//u, '')];
    return target ? { ...resolve(target, root, depth + 1), ...beside } : beside;
  }
  const choices = schema.anyOf ?? schema.oneOf;
  const present = choices?.filter((one) => typeOf(one) !== 'null');
  const [only] = present ?? [];
  if (choices && present?.length === 1 && choices.length === 2 && only && only.const === undefined) {
    const { anyOf: _, oneOf: __, ...beside } = schema;
    return { ...resolve(only, root, depth + 1), ...beside };
  }
  return schema;
}

function typeOf(schema: Schema): string | undefined {
  return Array.isArray(schema.type) ? schema.type.find((type) => type !== 'null') : schema.type;
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that have no value. */
function given<T extends object>(object: T): Given<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Given<T>;
}
