import { expect, test } from 'vitest';
import { ago, relative } from './relative';

const NOW = Date.UTC(2026, 0, 31, 12, 30);
const at = (secs: number) => NOW / 1_000 + secs;

test.each([
  [0, 'just now'],
  [-59, 'just now'],
  [30, 'in less than a minute'],
  [-60, '1 minute ago'],
  [-7_199, '1 hour ago'],
  [6 * 86_400 + 5, 'in 6 days'],
  [-40 * 86_400, 'last month'],
])('%i seconds from now is %s', (secs, told) => {
  expect(relative(at(secs), NOW)).toBe(told);
});

test('what the host wrote is not in the future, and may not be a time', () => {
  expect(ago('2026-01-31T12:28:00Z', NOW)).toBe('2 minutes ago');
  expect(ago('2026-01-31T12:32:00Z', NOW)).toBe('just now');
  expect(ago('', NOW)).toBe('at an unknown time');
});
