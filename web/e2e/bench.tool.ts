import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { dragOne, openLarge } from './large';
import { expect, test } from './test';

declare global {
  var usableAtMs: number | undefined;
}

const LOADS = 5;
const MOVES = 60;

/** What each figure may be at most. */
const LIMITS = { 'weight, gzip': 250_000, 'usable after': 1_000, 'median frame while dragging': 33, 'card renders per move': 2 } as const;
const UNITS = { 'weight, gzip': 'bytes', 'usable after': 'ms', 'median frame while dragging': 'ms', 'card renders per move': 'cards' } as const;

test('weight', async () => {
  const files = await readdir('dist');
  const sizes = await Promise.all(files.map(async (name) => gzipSync(await readFile(`dist/${name}`)).length));
  print('weight, gzip', sizes.reduce((sum, size) => sum + size, 0));
});

test('usable', async ({ browser, address, host }) => {
  await host.api('/flows', { template: 'dynamodb-builtin' });
  const times: number[] = [];
  for (let load = 0; load < LOADS; load++) {
    // Each time a browser that has never been here.
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(noteFirstCard);
    await page.goto(address, { waitUntil: 'commit' });
    const usable = await page.waitForFunction(() => globalThis.usableAtMs);
    times.push((await usable.jsonValue()) ?? Number.NaN);
    await context.close();
  }
  print('usable after', median(times));
});

test('fluid', async ({ page, host }) => {
  test.slow();
  await openLarge(page, host);
  const { renders, framesMs } = await dragOne(page, MOVES);
  print('median frame while dragging', median(framesMs));
  print('card renders per move', renders / MOVES);
});

/** Runs in the page, whose clock begins with the first request. */
function noteFirstCard(): void {
  const look = () => {
    if (document.querySelector('.card-name')?.checkVisibility({ visibilityProperty: true })) globalThis.usableAtMs = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

function print(what: keyof typeof LIMITS, value: number): void {
  const told = (figure: number) => `${figure.toLocaleString('en', { maximumFractionDigits: 1 })} ${UNITS[what]}`;
  console.log(`${what}: ${told(value)} (at most ${told(LIMITS[what])})`);
  expect.soft(value, what).toBeLessThanOrEqual(LIMITS[what]);
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
