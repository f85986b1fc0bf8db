import type { Inputs } from '../flow/document';
import { inputFields, type Field } from '../form/fields';
import type { NodeDeclaration } from './types';

const PARTS_MAX = 3;

/** A node's settings in one line: what was set, in the order of the declaration, what always shows first. */
export function summaryOf(declaration: NodeDeclaration, inputs: Inputs): string {
  const fields = inputFields(declaration);
  const plain = fields.filter((field) => !field.advanced);
  const advanced = fields.filter((field) => field.advanced);
  return [...plain, ...advanced]
    .flatMap((field) => {
      const text = shown(field, inputs[field.name]);
      return text === undefined ? [] : [text];
    })
    .slice(0, PARTS_MAX)
    .join(' · ');
}

function shown(field: Field, value: unknown): string | undefined {
  if (value === undefined || value === '' || value === null) return undefined;
  switch (field.kind) {
    case 'toggle':
      return value === true ? field.title : undefined;
    case 'choice':
      return field.choices.find((choice) => choice.value === value)?.title ?? String(value);
    case 'variants': {
      const variant = field.variants.find((one) => isRecord(value) && value[field.tag] === one.tag);
      if (!variant || !isRecord(value)) return undefined;
      const numbers = variant.fields.flatMap((inner) => (typeof value[inner.name] === 'number' ? [value[inner.name]] : []));
      return [variant.title, ...numbers].join(' ');
    }
    case 'number':
      return field.unit === undefined ? `${field.title} ${String(value)}` : `${String(value)} ${field.unit}`;
    case 'secret':
    case 'list':
    case 'group':
    case 'json':
      return undefined;
    case 'text':
      return typeof value === 'string' ? oneLine(value) : undefined;
  }
}

function oneLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 48 ? `${line.slice(0, 47)}…` : line;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
