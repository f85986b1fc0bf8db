import { expect, test } from 'vitest';
import type { Capabilities } from '../api/memory';
import { NO_USAGE } from '../run/words';
import { nextTurn, priceOf } from './estimate';


const FLAT: Capabilities = {
  layout: 'test', flat_cost: true, dedupe: 'exact', sessions: 'newest_first', expiry: true, scopes: true, notes: true, delete_message: false, edit_message: false,
};
const NOTHING = { capabilities: FLAT, lastTurn: undefined, fill: undefined, turnBytes: 0, chargesUnits: true };
const LAST = { ...NO_USAGE, requests: 2, read_units: 1, write_units: 4 };

test('nothing is estimated where nothing is known', () => {
  expect(nextTurn(NOTHING)).toBeUndefined();
});

test('where the cost is flat, the next turn costs what the last did', () => {
  expect(nextTurn({ ...NOTHING, lastTurn: LAST })).toMatch(/^About 1 read unit · 4 write units, as the last one/u);
});

test('an item that is written whole costs by its size, in units of 4 KB read and 1 KB written', () => {
  const known = { ...NOTHING, capabilities: { ...FLAT, flat_cost: false }, fill: { bytes: 102_400, limit_bytes: 409_600 }, turnBytes: 1_000 };
  expect(nextTurn(known)).toMatch(/^About 25 read and 101 write units: .* 100 KB/u);
  expect(nextTurn({ ...known, chargesUnits: false })).toMatch(/^More with each turn/u);
});

test('where the cost grows and its law is not known, only the last turn is told', () => {
  expect(nextTurn({ ...NOTHING, capabilities: undefined, lastTurn: LAST })).toMatch(/^A little more than the last one/u);
});

test('reading on is priced by what reading has cost', () => {
  expect(priceOf(250, { ...NO_USAGE, requests: 1, read_units: 4 }, 50)).toBe('about 20 read units');
  expect(priceOf(1, { ...NO_USAGE, requests: 1, read_units: 0.5 }, 50)).toBe('about 0.5 read units');
  expect(priceOf(50, { ...NO_USAGE, requests: 1, commands: 2 }, 50)).toBe('about 2 commands');
  expect(priceOf(50, undefined, 50)).toBeUndefined();
  expect(priceOf(50, NO_USAGE, 0)).toBeUndefined();
});
