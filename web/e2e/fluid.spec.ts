import { expect, test } from './test';

const NODES = 200;
const MOVES = 40;
const RENDERS_PER_MOVE_MAX = 2;

test('with two hundred nodes, dragging one renders that one', async ({ page, host }) => {
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
  for (let step = 1; step <= MOVES; step++) await page.mouse.move(from.x + 12 + step * 3, from.y + 12 + step * 2);
  const renders = (await count()) - before;
  await page.mouse.up();
  expect(renders).toBeLessThanOrEqual(MOVES * RENDERS_PER_MOVE_MAX);
  await expect(page.getByRole('button', { name: 'Undo: Move' })).toBeEnabled();
});
