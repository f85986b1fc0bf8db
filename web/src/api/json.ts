/** JSON with whole numbers that JavaScript can't hold kept as they are written, so that a save changes nothing untouched. */

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;
type ExactJson = typeof JSON & { rawJSON?: (text: string) => unknown };

const { rawJSON } = JSON as ExactJson;

const keepExact: Reviver = (_, value, context) => {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || !rawJSON) return value;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? rawJSON(source) : value;
};

export function parseExact(text: string): unknown {
  return JSON.parse(text, keepExact as (key: string, value: unknown) => unknown);
}
