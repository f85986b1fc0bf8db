import { expect, test } from 'vitest';
import type { StoredTurn } from '../api/memory';
import { fileName, toJson, toMarkdown } from './export';
import { itemsOf, partsOf, textOf } from './messages';
import { find, rangesIn } from './search';

const TURNS: StoredTurn[] = [
  {
    id: 't1',
    position: '1',
    stored_at_epoch_secs: 1_767_225_600,
    messages: [
      { role: 'user', content: 'Weather in Lisbon?', name: 'bob' },
      { role: 'assistant', content: '', tool_calls: [{ id: 'c1', name: 'get_weather', arguments: { city: 'Lisbon' } }, { id: 'c2', name: 'clock', arguments: '{}' }] },
      { role: 'tool', content: '```{"temp":21.5}```', tool_call_id: 'c1' },
      { role: 'assistant', content: '**Clear**, 21.5 °C' },
    ],
  },
  { position: '2', messages: [{ role: 'tool', content: 'whose?', tool_call_id: 'lost' }, { role: 'critic', content: [{ type: 'text', text: 'A' }, { type: 'file', id: 7 }] }] },
];

test('a tool’s result stands with its call, and one without a call by itself', () => {
  const items = itemsOf(TURNS);
  expect(items.map(({ turnAt, at, opensTurn }) => [turnAt, at, opensTurn])).toEqual([[0, 0, true], [0, 1, false], [0, 3, false], [1, 0, true], [1, 1, false]]);
  expect(items[1]?.calls.map(({ result }) => result?.at)).toEqual([2, undefined]);
  expect(new Set(items.map(({ key }) => key)).size).toBe(items.length);
});

test('content of every kind is shown, and no image is loaded from elsewhere', () => {
  const parts = partsOf({
    role: 'user',
    content: ['plain', { type: 'text', text: 'text' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }, { type: 'image_url', image_url: { url: 'https://example.org/x.png' } }, { type: 'image_url', image_url: 'data:image/svg+xml,<svg/>' }],
  });
  expect(parts.map(({ is }) => is)).toEqual(['text', 'text', 'image', 'other', 'other']);
  expect(partsOf({ role: 'user', content: null })).toEqual([]);
  expect(textOf({ role: 'user', content: ['a', { b: 1 }] })).toBe('a\n\n{"b":1}');
});

test('search looks at texts, names, calls and results, in any case', () => {
  const items = itemsOf(TURNS);
  expect(find(items, ' LISBON ')).toEqual([0, 1]);
  expect(find(items, '21.5')).toEqual([1, 2]);
  expect(find(items, 'BOB')).toEqual([0]);
  expect(find(items, '  ')).toEqual([]);
});

test('ranges lie over the words that are shown', () => {
  const root = document.createElement('p');
  root.innerHTML = 'Tram to <em>Belém</em>, belém!';
  expect(rangesIn(root, 'BELÉM').map((range) => range.toString())).toEqual(['Belém', 'belém']);
});

test('an export holds every message and nothing else', () => {
  expect(JSON.parse(toJson({ session: 's', turns: TURNS }))).toEqual({ session: 's', turns: TURNS });
  const markdown = toMarkdown({ session: 'a trip', turns: TURNS });
  expect(markdown).toMatch(/^# a trip\n\n## Turn 1 · 2026-01-01 00:00 UTC\n\n\*\*User \(bob\)\*\*\n\nWeather in Lisbon\?/u);
  expect(markdown).toContain('Called `get_weather`:\n\n```\n{\n  "city": "Lisbon"\n}\n```');
  expect(markdown).toContain('````\n```{"temp":21.5}```\n````');
  expect(markdown).toContain('## Turn 2\n\n**Tool**\n\nwhose?\n\n**critic**');
});

test('file names can be used everywhere', () => {
  expect(fileName('whatsapp:+49 170/../x', 'json')).toBe('whatsapp-49-170-..-x.json');
  expect(fileName('日本語', 'markdown')).toBe('日本語.md');
  expect(fileName('///', 'json')).toBe('session.json');
});
