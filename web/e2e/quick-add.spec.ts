import type { Locator, Page } from '@playwright/test';
import { card, emptyFlow, inspector } from './canvas';
import { expect, test } from './test';

const picker = (page: Page) => page.getByRole('combobox');
const pane = (page: Page) => page.locator('.react-flow__pane');
const output = (page: Page, name: string | RegExp) => card(page, name).locator('.react-flow__handle.source');
const input = (page: Page, name: string | RegExp, port: string) => card(page, name).locator(`.react-flow__handle.target[data-handleid="${port}"]`);

test('a double click on the canvas adds a node there, and so does N at the pointer', async ({ page }) => {
  await page.goto('/');
  await emptyFlow(page);
  await pane(page).dblclick({ position: { x: 240, y: 120 } });
  await expect(picker(page)).toBeFocused();
  await picker(page).fill('echo');
  await expect(page.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  const echo = card(page, 'Echo Model');
  await expect(echo).toBeFocused();
  await expectUnder(page, echo, { x: 240, y: 120 });

  await pane(page).hover({ position: { x: 640, y: 420 } });
  await page.keyboard.press('n');
  await picker(page).fill('conversation');
  await page.getByRole('option', { name: 'Conversation Chain' }).click();
  await expectUnder(page, card(page, 'Conversation Chain'), { x: 640, y: 420 });

  // It is asked, and not done, where somebody writes.
  await page.getByLabel('Name of the flow').fill('n');
  await expect(picker(page)).toHaveCount(0);
  await pane(page).dblclick({ position: { x: 240, y: 560 } });
  await picker(page).fill('no such thing');
  await expect(page.getByText('No node is called that.')).toBeVisible();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(picker(page)).toHaveCount(0);
  await expect(page.locator('.react-flow__node')).toHaveCount(2);
});

test('a wire that is dropped on empty canvas offers what fits it, and connects what is chosen', async ({ page }) => {
  await page.goto('/');
  await emptyFlow(page);
  await add(page, 'Conversation Chain', { x: 560, y: 240 });

  await wire(page, input(page, 'Conversation Chain', 'memory'), { x: 260, y: 480 });
  await expect(picker(page)).toHaveAccessibleName('Add a node that fits');
  const offered = await page.getByRole('option').allInnerTexts();
  expect(offered.length).toBeGreaterThan(0);
  expect(offered.filter((text) => !/memory/iu.test(text))).toEqual([]);
  await picker(page).fill('echo');
  await expect(page.getByText('No node fits this port.')).toBeVisible();
  await picker(page).fill('dynamodb chat');
  await page.keyboard.press('Enter');
  const memory = card(page, 'DynamoDB Chat Memory');
  await expect(memory).toBeFocused();
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);
  await expect(inspector(page).getByLabel('Table name', { exact: true })).toBeVisible();
  // An output leads into the canvas from where the wire was let go.
  const [box, stage] = await Promise.all([memory.boundingBox(), pane(page).boundingBox()]);
  expect((box?.x ?? 0) + (box?.width ?? 0) - (stage?.x ?? 0)).toBeCloseTo(260, -2);

  // One step takes back the node with its wire.
  await page.getByRole('button', { name: /^Undo/u }).click();
  await expect(page.locator('.react-flow__node')).toHaveCount(1);
  await expect(page.locator('.react-flow__edge')).toHaveCount(0);

  await wire(page, output(page, 'Conversation Chain'), { x: 760, y: 520 });
  await expect(page.getByText('No node fits this port.')).toBeVisible();
});

test('what does not fit dims while a wire is drawn, and a refusal says why', async ({ page }) => {
  await page.goto('/');
  await emptyFlow(page);
  await add(page, 'Conversation Chain', { x: 700, y: 120 });
  await add(page, 'Echo Model', { x: 240, y: 60 });
  await add(page, 'Calculator', { x: 240, y: 300 });
  await add(page, 'Chat Model', { x: 240, y: 480 });
  const chain = card(page, 'Conversation Chain');
  const opacity = (what: Locator) => what.evaluate((element) => Number(getComputedStyle(element).opacity));
  const port = (title: string) => chain.locator('.port').filter({ has: page.locator('.port-title').getByText(title, { exact: true }) });

  await begin(page, output(page, 'Calculator'));
  await expect.poll(() => opacity(chain.locator('.card'))).toBeLessThan(0.5);
  await expect.poll(() => opacity(card(page, 'Echo Model').locator('.card'))).toBeLessThan(0.5);
  expect(await opacity(card(page, 'Calculator').locator('.card'))).toBe(1);
  await over(page, input(page, 'Conversation Chain', 'model'));
  await expect(page.locator('.wire-refusal')).toHaveText('Chat Model takes BaseChatModel, and this gives Calculator.');
  await page.mouse.up();
  await expect(page.getByRole('status').filter({ hasText: 'Chat Model takes BaseChatModel, and this gives Calculator.' })).toBeVisible();
  await expect(page.locator('.react-flow__edge')).toHaveCount(0);
  await expect.poll(() => opacity(chain.locator('.card'))).toBe(1);

  await begin(page, output(page, 'Echo Model'));
  await expect.poll(() => opacity(card(page, 'Calculator').locator('.card'))).toBeLessThan(0.5);
  await expect.poll(() => opacity(chain.locator('.card'))).toBe(1);
  await expect.poll(() => opacity(port('Chat Model'))).toBe(1);
  await expect.poll(() => opacity(port('Memory'))).toBeLessThan(0.5);
  await over(page, input(page, 'Conversation Chain', 'model'));
  await page.mouse.up();
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);

  // A port that takes one has one. Dropped on the card, the wire looks for the port by itself.
  await begin(page, output(page, 'Chat Model'));
  await over(page, chain.locator('.card-name'));
  await page.mouse.up();
  await expect(page.getByRole('status').filter({ hasText: 'Chat Model takes one connection. Remove the one it has first.' })).toBeVisible();
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);

  // The list that stands for the wire says the same.
  await card(page, 'Calculator').locator('.card-name').click();
  await card(page, 'Calculator').focus();
  await page.keyboard.press('l');
  const refused = page.getByRole('option', { name: /Conversation Chain · Chat Model/u });
  await expect(refused).toBeDisabled();
  await expect(refused).toContainText('Chat Model takes BaseChatModel, and this gives Calculator.');
});

async function add(page: Page, title: string, position: { x: number; y: number }): Promise<void> {
  await pane(page).hover({ position });
  await page.keyboard.press('n');
  await picker(page).fill(title);
  await page.keyboard.press('Enter');
  await expect(card(page, title)).toBeVisible();
  await page.keyboard.press('Escape');
}

async function begin(page: Page, handle: Locator): Promise<void> {
  const box = await handle.boundingBox();
  if (!box) throw new Error('it is not drawn');
  await handle.hover();
  await page.mouse.down();
  await page.mouse.move(box.x + 40, box.y + 40, { steps: 4 });
}

async function over(page: Page, target: Locator): Promise<void> {
  const box = await target.boundingBox();
  if (!box) throw new Error('it is not drawn');
  await page.mouse.move(box.x + box.width / 2 + 3, box.y + box.height / 2, { steps: 8 });
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
}

async function wire(page: Page, from: Locator, to: { x: number; y: number }): Promise<void> {
  const box = await pane(page).boundingBox();
  if (!box) throw new Error('the canvas is not drawn');
  await from.hover();
  await page.mouse.down();
  await page.mouse.move(box.x + to.x, box.y + to.y, { steps: 8 });
  await page.mouse.up();
}

/** The head of a card that was added is under the pointer. */
async function expectUnder(page: Page, what: Locator, { x, y }: { x: number; y: number }): Promise<void> {
  const [box, stage] = await Promise.all([what.boundingBox(), pane(page).boundingBox()]);
  if (!box || !stage) throw new Error('it is not drawn');
  const at = { x: stage.x + x, y: stage.y + y };
  expect(at.x).toBeGreaterThan(box.x);
  expect(at.x).toBeLessThan(box.x + box.width);
  expect(at.y).toBeGreaterThan(box.y);
  expect(at.y).toBeLessThan(box.y + box.height / 2);
}
