import { expect, test } from 'vitest';
import { fileName, looksLikeFlow } from './transfer';

test('a file gets a name that every system takes', () => {
  expect(fileName('Support: level 1/2')).toBe('Support level 1 2');
  expect(fileName('Müller & Söhne')).toBe('Müller Söhne');
  expect(fileName('../../etc')).toBe('etc');
  expect(fileName(' … ')).toBe('flow');
  expect(fileName('x'.repeat(200))).toHaveLength(80);
});

test('only what looks like a flow is imported when it is pasted', () => {
  expect(looksLikeFlow('{"name": "x", "nodes": []}')).toBe(true);
  expect(looksLikeFlow('nodes: none')).toBe(false);
  expect(looksLikeFlow('{"list": []}')).toBe(false);
});
