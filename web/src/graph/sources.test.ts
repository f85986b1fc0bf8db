import { expect, test } from 'vitest';
import { sourcesOf, withoutSources, withSources } from './sources';

const SOURCES = [{ session: 's', turn_id: 't', message_ids: ['t:0'] }, { session: 'u' }];

test('where a fact came from is read from beside what others wrote', () => {
  expect(sourcesOf({ topic: 'travel', cm_sources: SOURCES })).toEqual([{ session: 's', turn: 't' }, { session: 'u', turn: undefined }]);
  for (const theirs of [undefined, null, 'text', [], { cm_sources: 7 }, { cm_sources: [7, null, { session: '' }] }]) expect(sourcesOf(theirs)).toEqual([]);
});

test('a person sees and writes the rest, and the sources stay', () => {
  expect(withoutSources({ topic: 'travel', cm_sources: SOURCES })).toEqual({ topic: 'travel' });
  expect(withoutSources({ cm_sources: SOURCES })).toBeUndefined();
  expect(withoutSources('text of another writer')).toBe('text of another writer');
  expect(withSources({ topic: 'food' }, { topic: 'travel', cm_sources: SOURCES })).toEqual({ topic: 'food', cm_sources: SOURCES });
  expect(withSources(undefined, { topic: 'travel' })).toBeNull();
});
