import type { Page } from '@playwright/test';
import { card } from './canvas';
import type { Host } from './host';
import { hiddenCards } from './reach';
import { expect, test } from './test';

interface Node {
  id: string;
  name?: string;
  type: string;
  position: { x: number; y: number };
}

const GRID = 8;

/** Two models above one another at the left, a chain at the right; one model is connected. */
async function openTrio(page: Page, host: Host): Promise<string> {
  const node = (id: string, type: string, x: number, y: number, name?: string) => ({ id, type, version: 1, position: { x, y }, inputs: {}, ...(name && { name }) });
  const nodes = [node('one', 'echoModel', 0, 0, 'One'), node('two', 'echoModel', 0, 240, 'Two'), node('chain', 'conversationChain', 480, 96)];
  const edges = [{ source: 'one', sourceHandle: 'model', target: 'chain', targetHandle: 'model' }];
  const { id } = await host.api<{ id: string }>('/flows', { flow: { format: 1, name: 'Trio', nodes, edges } });
  await page.goto(`/#/flows/${id}`);
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  return id;
}

async function nodesOf(page: Page, host: Host, flow: string): Promise<Node[]> {
  await page.keyboard.press('ControlOrMeta+s');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  return (await host.api<{ flow: { nodes: Node[] } }>(`/flows/${flow}`)).flow.nodes;
}

const selected = (page: Page) => page.locator('.card[data-selected="true"] .card-name');
const names = async (page: Page) => (await selected(page).allInnerTexts()).sort();
const middle = async (page: Page, name: string) => {
  const box = await card(page, name).boundingBox();
  if (!box) throw new Error(`${name} is not drawn`);
  return { x: box.x + box.width / 2, y: box.y + 24, box };
};

test('cards are cut and pasted with their wires, and travel to another flow', async ({ page, host, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const flow = await openTrio(page, host);
  await card(page, 'One').locator('.card-name').click();
  await card(page, 'Conversation Chain').locator('.card-name').click({ modifiers: ['Shift'] });
  await expect.poll(() => names(page)).toEqual(['Conversation Chain', 'One']);
  await page.keyboard.press('ControlOrMeta+x');
  await expect(page.locator('.react-flow__node')).toHaveCount(1);
  await expect(page.locator('.react-flow__edge')).toHaveCount(0);
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);
  await expect.poll(() => names(page)).toEqual(['Conversation Chain', 'One']);
  // Pasted again, they are others.
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page.locator('.react-flow__edge')).toHaveCount(2);
  const nodes = await nodesOf(page, host, flow);
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(5);
  expect(new Set(nodes.map(({ position }) => JSON.stringify(position))).size).toBe(5);

  const { id: other } = await host.api<{ id: string }>('/flows', { name: 'Other' });
  await page.goto(`/#/flows/${other}`);
  await expect(page.getByRole('heading', { name: 'Start with a node' })).toBeVisible();
  await page.locator('.react-flow__pane').click({ position: { x: 16, y: 16 } });
  await page.keyboard.press('ControlOrMeta+v');
  await expect(page.locator('.react-flow__node')).toHaveCount(2);
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);

  // In a field the keys are the field's.
  await page.getByLabel('Name of the flow').fill('Mine');
  await page.getByLabel('Name of the flow').press('ControlOrMeta+a');
  await page.keyboard.press('ControlOrMeta+x');
  await expect(page.getByLabel('Name of the flow')).toHaveValue('');
  await expect(page.locator('.react-flow__node')).toHaveCount(2);
});

test('several cards are selected by a box, by Shift and by a key, move as one on the grid, and are deleted by either key', async ({ page, host }) => {
  const flow = await openTrio(page, host);
  const [one, two] = [await middle(page, 'One'), await middle(page, 'Two')];
  await page.keyboard.down('Shift');
  await page.mouse.move(one.box.x - 24, one.box.y - 24);
  await page.mouse.down();
  await page.mouse.move(two.box.x + two.box.width + 16, two.box.y + two.box.height + 16, { steps: 6 });
  await page.mouse.up();
  await page.keyboard.up('Shift');
  await expect.poll(() => names(page)).toEqual(['One', 'Two']);
  await card(page, 'Conversation Chain').locator('.card-name').click({ modifiers: ['Shift'] });
  await expect.poll(() => names(page)).toEqual(['Conversation Chain', 'One', 'Two']);
  await card(page, 'Conversation Chain').locator('.card-name').click({ modifiers: ['Shift'] });
  await expect.poll(() => names(page)).toEqual(['One', 'Two']);

  const before = await nodesOf(page, host, flow);
  const from = await middle(page, 'One');
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 37, from.y + 51, { steps: 7 });
  await page.mouse.up();
  const after = await nodesOf(page, host, flow);
  const moved = (id: string) => {
    const [now, then] = [after, before].map((nodes) => nodes.find((node) => node.id === id)?.position);
    return [(now?.x ?? 0) - (then?.x ?? 0), (now?.y ?? 0) - (then?.y ?? 0)];
  };
  expect(moved('one')).toEqual(moved('two'));
  expect(moved('one').map((by) => by % GRID)).toEqual([0, 0]);
  expect(moved('one')).not.toEqual([0, 0]);
  expect(moved('chain')).toEqual([0, 0]);

  await page.keyboard.press('Delete');
  await expect(page.locator('.react-flow__node')).toHaveCount(1);
  await expect(page.locator('.react-flow__edge')).toHaveCount(0);
  await page.keyboard.press('ControlOrMeta+z');
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);
  await page.keyboard.press('ControlOrMeta+a');
  await expect(selected(page)).toHaveCount(3);
  await page.keyboard.press('Escape');
  await expect(selected(page)).toHaveCount(0);
  await page.locator('.react-flow__edge').press('Enter');
  await page.keyboard.press('Backspace');
  await expect(page.locator('.react-flow__edge')).toHaveCount(0);
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  await card(page, 'Two').locator('.card-name').click();
  await page.keyboard.press('Backspace');
  await expect(card(page, 'Two')).toHaveCount(0);
});

test('F2 renames, Escape takes it back, ? shows every key, and letters in fields are letters', async ({ page, host }) => {
  const flow = await openTrio(page, host);
  const field = page.getByLabel('Name of the node');
  await card(page, 'One').locator('.card-name').click();
  await page.keyboard.press('F2');
  await expect(field).toBeFocused();
  await page.keyboard.type('Not this');
  await page.keyboard.press('Escape');
  await expect(card(page, 'One')).toBeFocused();
  await page.keyboard.press('F2');
  await page.keyboard.type('Parrot? n c l 1');
  await page.keyboard.press('Enter');
  await expect(card(page, 'Parrot? n c l 1')).toBeFocused();
  expect((await nodesOf(page, host, flow)).map(({ name }) => name)).toEqual(['Parrot? n c l 1', 'Two', undefined]);
  // Without a name of its own it is called what it is.
  await page.keyboard.press('F2');
  await page.keyboard.press('Delete');
  await page.keyboard.press('Enter');
  await expect(card(page, 'Echo Model')).toHaveCount(1);
  await expect(page.locator('.react-flow__node')).toHaveCount(3);

  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  for (const what of ['Add a node at the pointer', 'Rename', 'Delete', 'Undo', 'Redo', 'Copy, cut, paste', 'Duplicate', 'Select an area', 'Fit everything', 'Tidy up', 'Open the chat']) {
    await expect(help.getByRole('term').filter({ hasText: what })).toBeVisible();
  }
  // Behind a dialog the keys do nothing.
  await page.keyboard.press('Delete');
  await page.keyboard.press('c');
  await page.keyboard.press('Escape');
  await expect(help).toHaveCount(0);
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  await expect(page.getByRole('region', { name: 'Chat', exact: true })).toHaveCount(0);
});

test('the map shows where one is, moves the view, and comes by itself; fit brings everything back; tidy lays it out', async ({ page, host }) => {
  const flow = await openTrio(page, host);
  const map = page.getByRole('img', { name: 'Map of the flow' });
  const transform = () => page.locator('.react-flow__viewport').evaluate((element) => (element as HTMLElement).style.transform);
  await expect(map).toHaveCount(0);
  await page.getByRole('button', { name: 'Map', exact: true }).click();
  await expect(map).toBeVisible();
  await expect(page.locator('.react-flow__minimap-node')).toHaveCount(3);
  const before = await transform();
  const box = await map.boundingBox();
  if (!box) throw new Error('the map is not drawn');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 60, box.y + box.height / 2 + 40, { steps: 5 });
  await page.mouse.up();
  expect(await transform()).not.toBe(before);
  expect(await hiddenCards(page)).not.toEqual([]);
  await page.locator('.react-flow__pane').click({ position: { x: 8, y: 8 } });
  await page.keyboard.press('1');
  await expect.poll(() => hiddenCards(page)).toEqual([]);
  await page.getByRole('button', { name: 'Map', exact: true }).click();
  await expect(map).toHaveCount(0);

  // Laid out, what gives stands left of what takes, and no two cards meet.
  await card(page, 'One').locator('.card-name').click();
  await card(page, 'One').focus();
  for (let step = 0; step < 3; step++) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+Alt+t');
  await expect.poll(async () => (await nodesOf(page, host, flow)).find(({ id }) => id === 'one')!.position.x).toBeLessThan((await nodesOf(page, host, flow)).find(({ id }) => id === 'chain')!.position.x);
  await expect.poll(() => hiddenCards(page)).toEqual([]);

  // With eight cards it shows by itself.
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('ControlOrMeta+d');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('ControlOrMeta+d');
  await expect(page.locator('.react-flow__node')).toHaveCount(12);
});
