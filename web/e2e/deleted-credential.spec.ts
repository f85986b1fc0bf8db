import { card, fromMenu, inspector, select } from './canvas';
import type { Host } from './host';
import { expect, test } from './test';

const TYPE = 'upstashRedisMemoryApi';

async function flowWith(host: Host, name: string, memory: string): Promise<string> {
  const { id: credential } = await host.api<{ id: string }>('/credentials', { name: `Key of ${name}`, type: TYPE, fields: { upstashRestToken: 'kept-secret' } });
  const node = (id: string, type: string, y: number, more: object = {}) => ({ id, type, version: 1, position: { x: id === 'chain' ? 360 : 0, y }, inputs: {}, ...more });
  const edge = (source: string) => ({ source, sourceHandle: source, target: 'chain', targetHandle: source });
  const nodes = [
    node('model', 'echoModel', 0),
    node('memory', 'upstashRedisBackedChatMemory', 216, { name: memory, inputs: { baseURL: 'https://nowhere.upstash.io' }, credential }),
    node('chain', 'conversationChain', 96),
  ];
  return (await host.api<{ id: string }>('/flows', { flow: { format: 1, name, nodes, edges: [edge('model'), edge('memory')] } })).id;
}

test('a deleted credential keeps the chat from asking, in words that a person understands', async ({ page, host, watch }) => {
  watch.keepSecret('kept-secret');
  watch.allowFailures(/\/(credentials\/[\w-]+|nodes\/health|memory\/\w+)$/u);
  const flow = await flowWith(host, 'Support', 'Tickets');
  await flowWith(host, 'Sales', 'Customers');
  await page.goto(`/#/flows/${flow}`);
  await fromMenu(page, 'Credentials');
  const list = page.getByRole('dialog', { name: 'Credentials' });
  // Of flows that are not open, too.
  await expect(list.getByRole('listitem').filter({ hasText: 'Key of Sales' })).toContainText('Sales · Customers');
  await list.getByRole('button', { name: 'Delete Key of Support' }).click();
  await list.getByRole('button', { name: 'Delete anyway' }).click();
  await page.keyboard.press('Escape');
  await expect(card(page, 'Tickets').locator('.card-status')).toHaveText('The Upstash credential was deleted. Choose another');
  await expect(card(page, 'Tickets').locator('.card-status')).toHaveAttribute('data-status', 'setup');

  await page.reload();
  const asked: string[] = [];
  page.on('request', (request) => request.url().includes('/memory/') && asked.push(request.url()));
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  const chat = page.getByRole('region', { name: 'Chat', exact: true });
  await expect(chat.getByRole('status').filter({ hasText: 'This flow can’t run yet' })).toContainText('Tickets: The Upstash credential was deleted. Choose another');
  await expect(page.getByLabel('Message', { exact: true })).toHaveCount(0);
  await select(page, 'Tickets');
  await inspector(page).getByRole('tab', { name: 'Memory' }).click();
  await expect(inspector(page)).toContainText('Not set up yet');
  expect(asked).toEqual([]);
});
