import { expect, test } from 'vitest';
import { count, NO_USAGE } from '../run/words';
import { add, bytes, charge, lastActive } from './format';

const NOW = Date.UTC(2026, 0, 31, 12, 30);

test('a full hour is not taken for a minute', () => {
  const hour = Date.UTC(2026, 0, 31, 12) / 1_000;
  expect(lastActive(hour, NOW)).toBe('in the last hour');
  expect(lastActive(hour + 1, NOW)).toBe('29 minutes ago');
  const earlier = new Date((hour - 7_200) * 1_000).toLocaleTimeString([], { timeStyle: 'short' });
  expect(lastActive(hour - 7_200, NOW)).toContain(earlier.slice(0, 2));
  expect(lastActive(hour - 3 * 86_400, NOW)).toBe('3 days ago');
});

test('sizes and counts are told in the units of backends', () => {
  expect([bytes(1), bytes(1_023), bytes(1_024), bytes(409_600), bytes(3 * 1_048_576)]).toEqual(['1 byte', '1,023 bytes', '1 KB', '400 KB', '3 MB']);
  expect([count(1, 'turn'), count(10_000, 'turn')]).toEqual(['1 turn', '10,000 turns']);
});

test('usage adds up, and tells what is charged', () => {
  const sum = add(add(NO_USAGE, { ...NO_USAGE, requests: 2, read_units: 0.5 }), { ...NO_USAGE, requests: 1, write_units: 2 });
  expect(sum).toEqual({ ...NO_USAGE, requests: 3, read_units: 0.5, write_units: 2 });
  expect(charge(sum)).toBe('0.5 read units · 2 write units');
  expect(charge({ ...NO_USAGE, requests: 1, commands: 3 })).toBe('3 commands');
  expect(charge({ ...NO_USAGE, requests: 2 })).toBe('2 requests');
  expect(add(sum, undefined)).toBe(sum);
});
