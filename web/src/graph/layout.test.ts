import { expect, test } from 'vitest';
import { arranged, type Point } from './layout';

const ids = (count: number) => Array.from({ length: count }, (_, at) => `n${at}`);
const distance = (one: Point | undefined, two: Point | undefined) => (one && two ? Math.hypot(one.x - two.x, one.y - two.y) : NaN);

test('what is related lies nearer than what is not, and nothing lies on anything else', () => {
  const links = ids(9).slice(1).map((target) => ({ source: 'n0', target }));
  const places = arranged([...ids(9), 'alone'], links, new Map());
  const all = [...places.values()];
  const gaps = all.flatMap((one, at) => all.slice(at + 1).map((two) => distance(one, two)));
  expect(Math.min(...gaps)).toBeGreaterThan(40);
  const near = distance(places.get('n0'), places.get('n1'));
  expect(distance(places.get('n0'), places.get('alone'))).toBeGreaterThan(near);
  expect(Math.max(...all.map(({ x, y }) => Math.hypot(x, y)))).toBeLessThan(1_000);
});

test('the same graph is drawn the same way, and a new fact leaves the others about where they are', () => {
  const links = [{ source: 'n0', target: 'n1' }, { source: 'n1', target: 'n2' }];
  const before = arranged(ids(3), links, new Map());
  expect(arranged(ids(3), links, new Map())).toEqual(before);
  const after = arranged(ids(4), [...links, { source: 'n2', target: 'n3' }], before);
  for (const id of ids(3)) expect(distance(before.get(id), after.get(id))).toBeLessThan(120);
  expect(distance(after.get('n2'), after.get('n3'))).toBeLessThan(300);
});

test('two in one place part, a relation to itself is no force, and nothing is nowhere', () => {
  const same = new Map(ids(2).map((id) => [id, { x: 0, y: 0 }]));
  const places = arranged(ids(2), [{ source: 'n0', target: 'n0' }, { source: 'n0', target: 'not drawn' }], same);
  expect(distance(places.get('n0'), places.get('n1'))).toBeGreaterThan(10);
  expect([...arranged([], [], new Map())]).toEqual([]);
});

test('250 facts are placed in a moment', () => {
  const many = ids(250);
  const links = many.slice(1).map((target, at) => ({ source: `n${Math.floor(at / 3)}`, target }));
  expect(arranged(many, links, new Map()).size).toBe(250);
});
