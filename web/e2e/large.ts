import type { Page } from '@playwright/test';
import type { Host } from './host';
import { expect } from './test';

const NODES = 200;

/** Opens a flow of two hundred nodes, and waits until each has said how it stands. */
export async function openLarge(page: Page, host: Host): Promise<void> {
  const pairs = Array.from({ length: NODES / 2 }, (_, at) => at);
  const place = (at: number) => ({ x: (at % 10) * 720, y: Math.floor(at / 10) * 240 });
  const flow = {
    format: 1,
    name: 'Large',
    nodes: pairs.flatMap((at) => [
      { id: `model_${at}`, type: 'echoModel', version: 1, position: place(at), inputs: {} },
      { id: `chain_${at}`, type: 'conversationChain', version: 1, position: { x: place(at).x + 336, y: place(at).y }, inputs: {} },
    ]),
    edges: pairs.map((at) => ({ source: `model_${at}`, sourceHandle: 'model', target: `chain_${at}`, targetHandle: 'model' })),
  };
  const { id } = await host.api<{ id: string }>('/flows', { flow });
  await page.goto(`/#/flows/${id}`);
  await expect(page.locator('.react-flow__node')).toHaveCount(NODES);
  await expect(page.locator('.card-status[data-status="checking"]')).toHaveCount(0, { timeout: 30_000 });
}

/** Drags a card by so many moves of the pointer. How many cards were rendered, and the times between frames meanwhile. */
export async function dragOne(page: Page, moves: number): Promise<{ renders: number; framesMs: number[] }> {
  const card = page.locator('.react-flow__node[data-id="model_55"] .card-head');
  await card.scrollIntoViewIfNeeded();
  const box = await card.boundingBox();
  if (!box) throw new Error('the card is not on the page');
  const from = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  // The first move also selects the card.
  await page.mouse.move(from.x + 12, from.y + 12);
  const count = () => page.evaluate(() => globalThis.cardRenders?.() ?? Number.NaN);
  const before = await count();
  const frames = await page.evaluateHandle(() => {
    const times: number[] = [];
    const note = (time: number) => {
      times.push(time);
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
    return times;
  });
  for (let step = 1; step <= moves; step++) await page.mouse.move(from.x + 12 + step * 3, from.y + 12 + step * 2);
  const times = await frames.jsonValue();
  const renders = (await count()) - before;
  await page.mouse.up();
  return { renders, framesMs: times.slice(1).map((time, at) => time - (times[at] ?? time)) };
}
