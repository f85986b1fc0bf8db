import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { card, inspector, select } from './canvas';
import { BINARY, CUSTOM_BINARY, type Host } from './host';
import { expect, test } from './test';

test.use({ hostBinary: CUSTOM_BINARY });

const file = (host: Host, flow: string) => join(host.dataDir, 'flows', `${flow}.json`);

/** A flow with the node of another crate, and with what only that crate's version of the page would know. */
async function savedBefore(host: Host): Promise<string> {
  const node = (id: string, type: string, x: number, y: number, more: object = {}) => ({ id, type, version: 1, position: { x, y }, inputs: {}, ...more });
  const edge = (source: string) => ({ source, sourceHandle: source, target: 'chain', targetHandle: source });
  const nodes = [
    node('model', 'echoModel', 0, 0),
    node('memory', 'scratchMemory', 0, 216, { name: 'Notebook', inputs: { memoryKey: 'history' }, colour: 'red' }),
    node('chain', 'conversationChain', 360, 96),
  ];
  const { id } = await host.api<{ id: string }>('/flows', { flow: { format: 1, name: 'From before', nodes, edges: [edge('model'), edge('memory')] } });
  return id;
}

test('a node whose type is gone is shown, says what to do, keeps its wire, and is saved back whole', async ({ page, host, watch, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const flow = await savedBefore(host);
  await host.kill();
  // A number that no browser can hold is kept, too.
  const text = (await readFile(file(host, flow), 'utf8')).replace('"history"', '"history", "seed": 12345678901234567890');
  await writeFile(file(host, flow), text);
  const nodeOf = (saved: string) => /\{[^{}]*"id": "memory"(?:[^{}]|\{[^{}]*\})*\}/u.exec(saved)?.[0].replace(/\s+/gu, ' ');
  const before = nodeOf(text);
  expect(before).toContain('12345678901234567890');
  await host.start(BINARY);

  await page.goto(`/#/flows/${flow}`);
  const gone = card(page, 'Notebook');
  await expect(gone).toBeVisible();
  await expect(gone.locator('.card-type')).toHaveText('scratchMemory');
  await expect(gone).toContainText('Kept as it is. It can’t run here.');
  await expect(gone.locator('.card-status')).toHaveText('scratchMemory is not installed here');
  await expect(page.locator('.react-flow__edge')).toHaveCount(2);
  await select(page, 'Notebook');
  await expect(inspector(page)).toContainText('No node of the type scratchMemory is installed here.');
  await expect(inspector(page)).toContainText('put another node in its place');

  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  const chat = page.getByRole('region', { name: 'Chat', exact: true });
  await expect(chat.getByText('This flow can’t run yet')).toBeVisible();
  await expect(chat.getByRole('listitem').filter({ hasText: 'Notebook' })).toContainText('scratchMemory');

  // Other things change and are saved; the node is what it was.
  await page.getByLabel('Name of the flow').fill('From before, changed');
  await select(page, 'Conversation Chain');
  await inspector(page).getByLabel('System message', { exact: true }).fill('Be short.');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await expect.poll(() => readFile(file(host, flow), 'utf8')).toContain('Be short.');
  const after = await readFile(file(host, flow), 'utf8');
  expect(nodeOf(after)).toBe(before);
  expect(after.match(/"target": "chain"/gu)).toHaveLength(2);

  // Copied and pasted, it is whole as well; deleted, it comes back.
  await card(page, 'Notebook').locator('.card-name').click();
  await page.keyboard.press('ControlOrMeta+c');
  await page.keyboard.press('ControlOrMeta+v');
  await expect(card(page, 'Notebook')).toHaveCount(2);
  await page.keyboard.press('ControlOrMeta+s');
  await expect.poll(async () => (await readFile(file(host, flow), 'utf8')).match(/12345678901234567890/gu)).toHaveLength(2);
  await page.keyboard.press('Delete');
  await expect(card(page, 'Notebook')).toHaveCount(1);
  await card(page, 'Notebook').locator('.card-name').click();
  await card(page, 'Notebook').press('Backspace');
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);
  await page.getByRole('button', { name: /^Undo/u }).click();
  await expect(page.locator('.react-flow__edge')).toHaveCount(2);
  await page.keyboard.press('ControlOrMeta+s');
  await expect.poll(async () => nodeOf(await readFile(file(host, flow), 'utf8'))).toBe(before);

  // The program that has it runs it again.
  watch.allowFailures(/\/api\//u);
  await host.kill();
  await host.start(CUSTOM_BINARY);
  const { flow: saved } = await host.api<{ flow: { nodes: { id: string; inputs: { memoryKey?: string } }[] } }>(`/flows/${flow}`);
  expect(saved.nodes.find(({ id }) => id === 'memory')?.inputs.memoryKey).toBe('history');
});
