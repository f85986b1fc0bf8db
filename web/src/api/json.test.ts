import { expect, test } from 'vitest';
import { parseExact } from './json';

test('numbers, surrogates and names come back as they were written', () => {
  const text = '{"short":1,"half":0.5,"__proto__x":"\\ud83d","list":[9007199254740991,null]}';
  expect(JSON.stringify(parseExact(text))).toBe(text);
  expect(parseExact('1.0')).toBe(1);
});
