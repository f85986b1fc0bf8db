import type { Fields, TestTarget } from '../api/credentials';
import { isRecord, isSet, problemOf, tagOf } from '../form/check';
import { formOf, type Field, type FormModel, type Variant } from '../form/fields';
import type { Inputs } from '../flow/document';
import type { NodeDeclaration, Schema } from '../manifest/types';

/** The names of the fields that a saved credential holds; their values are never told. */
export type Saved = ReadonlySet<string>;
export const NOTHING_SAVED: Saved = new Set();

/** What the form of a credential begins with: its first variant, or that of what is saved. */
export function firstFields(schema: Schema, saved: Saved): Fields {
  const model = formOf(schema);
  if (model.kind === 'fields') return {};
  const variant = saved.size === 0 ? model.variants[0] : variantOf(model.variants, saved);
  return variant ? { [model.tag]: variant.tag } : {};
}

/** The variant that a saved credential is of, told by the names of its fields. */
function variantOf(variants: readonly Variant[], saved: Saved): Variant | undefined {
  const fits = (variant: Variant) =>
    variant.fields.filter(({ name }) => saved.has(name)).length - variant.fields.filter(({ name, required }) => required && !saved.has(name)).length;
  return [...variants].sort((left, right) => fits(right) - fits(left))[0];
}

/** What keeps the form from being sent, by field. Fields that are saved may stay empty. */
export function draftProblems(schema: Schema, fields: Fields, saved: Saved): Readonly<Record<string, string>> {
  return Object.fromEntries(
    shownFields(formOf(schema), fields).flatMap((field) => {
      const value = fields[field.name];
      const problem = !isSet(value) && saved.has(field.name) ? undefined : problemOf(field, value);
      return problem === undefined ? [] : [[field.name, problem]];
    }),
  );
}

/** The merge patch that makes the saved fields what the form says. Without anything saved, the fields themselves. */
export function patchOf(schema: Schema, fields: Fields, saved: Saved): Fields {
  if (saved.size === 0) return fields;
  const model = formOf(schema);
  const shown = shownFields(model, fields);
  const kept = new Set(shown.map(({ name }) => name));
  if (model.kind === 'variants') kept.add(model.tag);
  const gone = [...saved].filter((name) => !kept.has(name)).map((name) => [name, null]);
  const written = Object.entries(fields).map(([name, value]) => {
    const field = shown.find((one) => one.name === name);
    return [name, field && isRecord(value) ? { ...fieldsNotIn(field, value), ...value } : value];
  });
  return Object.fromEntries([...gone, ...written]);
}

/** What a merge would leave behind from the variant that was saved before. */
function fieldsNotIn(field: Field, value: Record<string, unknown>): Record<string, null> {
  if (field.kind !== 'variants') return {};
  const names = field.variants.flatMap((variant) => variant.fields.map(({ name }) => name));
  return Object.fromEntries(names.filter((name) => !(name in value)).map((name) => [name, null]));
}

function shownFields(model: FormModel, fields: Fields): Field[] {
  if (model.kind === 'fields') return model.fields;
  const tag = tagOf(model, fields);
  return model.variants.find((variant) => variant.tag === tag)?.fields ?? [];
}

/** Where a node's credential is tried: what the node's inputs say, else what they say by themselves. */
export function targetOf(declaration: NodeDeclaration, inputs: Inputs): TestTarget {
  const text = (name: string) => {
    const value = inputs[name] ?? declaration.properties?.[name]?.default;
    return typeof value === 'string' && value !== '' ? value : null;
  };
  return { endpoint: text('endpoint') ?? text('baseURL'), region: text('region'), provider: text('provider') };
}

/** A name that no other credential has. */
export function freeName(title: string, taken: readonly string[]): string {
  if (!taken.includes(title)) return title;
  for (let number = 2; ; number++) {
    if (!taken.includes(`${title} ${number}`)) return `${title} ${number}`;
  }
}
