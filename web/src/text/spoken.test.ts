import { expect, test } from 'vitest';
import { spoken } from './spoken';

test('marks are not read aloud, words are', () => {
  expect(spoken('# Lisbon\n\n**Three** places:\n\n- `Alfama`, [early](https://example.com)\n- the *tile* museum\n\n```\nx = 1\n```')).toBe(
    'Lisbon Three places: Alfama, early. the tile museum x = 1',
  );
  expect(spoken('| a | b |\n|---|---|\n| **1** | 2 |')).toBe('a, b. 1, 2');
  expect(spoken('2 < 3 <b>and</b> so on')).toContain('2 < 3');
});
