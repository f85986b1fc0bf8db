import type { Field, FieldOf } from './fields';

/** What is wrong with a field's value, as a sentence that says what to do. The host checks again; it has the last word. */
export function problemOf(field: Field, value: unknown): string | undefined {
  if (!isSet(value)) return field.required ? 'Fill this in.' : undefined;
  switch (field.kind) {
    case 'text':
    case 'secret':
      return typeof value === 'string' ? textProblem(field, value) : 'This must be text.';
    case 'number':
      return typeof value === 'number' ? numberProblem(field, value) : field.integer ? 'Write a whole number.' : 'Write a number.';
    case 'toggle':
      return typeof value === 'boolean' ? undefined : 'This is either on or off.';
    case 'choice':
      return field.choices.some((choice) => choice.value === value) ? undefined : 'Choose one of the list.';
    case 'variants': {
      const tag = tagOf(field, value);
      const variant = field.variants.find((one) => one.tag === tag);
      return variant ? firstProblem(variant.fields, value) : 'Choose one of the list.';
    }
    case 'group':
      return firstProblem(field.fields, value);
    case 'list':
      return listProblem(field, value);
    case 'json':
      return undefined;
  }
}

/** Empty text is a field that was not filled in. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

export function tagOf(field: { tag: string; variants: { tag: unknown }[]; default?: unknown }, value: unknown): unknown {
  if (isRecord(value) && value[field.tag] !== undefined) return value[field.tag];
  if (isRecord(field.default)) return field.default[field.tag];
  return undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textProblem(field: FieldOf<'text'> | FieldOf<'secret'>, value: string): string | undefined {
  const length = [...value].length;
  if (field.minLength !== undefined && length < field.minLength) return `Write at least ${field.minLength} characters.`;
  if (field.kind === 'text' && field.maxLength !== undefined && length > field.maxLength) {
    return `Write at most ${field.maxLength} characters.`;
  }
  if (field.pattern !== undefined && !matches(field.pattern, value)) {
    if (field.kind === 'text' && field.widget === 'variable') return 'Write a name without spaces and braces.';
    return field.kind === 'secret' || field.placeholder === undefined ? 'This has not the right form.' : `Write it like ${field.placeholder}.`;
  }
  return undefined;
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    // A pattern of another dialect is left to the host.
    return true;
  }
}

function numberProblem(field: FieldOf<'number'>, value: number): string | undefined {
  if (!Number.isFinite(value)) return 'Write a number.';
  if (field.integer && !Number.isInteger(value)) return 'Write a whole number.';
  if (field.minimum !== undefined && value < field.minimum) return `Write ${field.minimum} or more.`;
  if (field.maximum !== undefined && value > field.maximum) return `Write ${field.maximum} or less.`;
  if (field.above !== undefined && value <= field.above) return `Write more than ${field.above}.`;
  if (field.below !== undefined && value >= field.below) return `Write less than ${field.below}.`;
  return undefined;
}

function listProblem(field: FieldOf<'list'>, value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'This must be a list.';
  if (field.minItems !== undefined && value.length < field.minItems) return `Add at least ${field.minItems}.`;
  if (field.maxItems !== undefined && value.length > field.maxItems) return `Keep at most ${field.maxItems}.`;
  for (const [at, item] of value.entries()) {
    const problem = problemOf(field.item, item);
    if (problem !== undefined) return `Number ${at + 1}: ${problem}`;
  }
  return undefined;
}

function firstProblem(fields: Field[], value: unknown): string | undefined {
  const record = isRecord(value) ? value : {};
  for (const field of fields) {
    const problem = problemOf(field, record[field.name]);
    if (problem !== undefined) return `${field.title}: ${problem}`;
  }
  return undefined;
}
