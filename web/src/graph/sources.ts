import type { Fields } from '../api/graph';

/** Where a fact came from. */
export interface Source {
  session: string;
  turn: string | undefined;
}

/** The field of metadata and properties in which the host notes it, the newest last. */
const SOURCES = 'cm_sources';

export function sourcesOf(stored: unknown): readonly Source[] {
  const list = isFields(stored) ? stored[SOURCES] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown) => {
    const { session, turn_id: turn } = isFields(one) ? one : {};
    return typeof session === 'string' && session !== '' ? [{ session, turn: typeof turn === 'string' ? turn : undefined }] : [];
  });
}

/** What a person has to do with: all but the sources; nothing where there is nothing else. */
export function withoutSources(stored: unknown): unknown {
  if (!isFields(stored)) return stored ?? undefined;
  const { [SOURCES]: _, ...rest } = stored;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** What a person wrote, with the sources that were there. */
export function withSources(written: Fields | undefined, stored: unknown): Fields | null {
  const sources = isFields(stored) && SOURCES in stored ? { [SOURCES]: stored[SOURCES] } : {};
  const all = { ...written, ...sources };
  return Object.keys(all).length === 0 ? null : all;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
