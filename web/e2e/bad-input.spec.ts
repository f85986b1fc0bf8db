import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { card, fromMenu, inspector, select } from './canvas';
import { memoryOf, openMemory, session } from './stores';
import { expect, test } from './test';

const MB = 1_024 * 1_024;
const EXPORT = new URL('../../tests/fixtures/flowise/flowise-export-chatflow.json', import.meta.url);
const UPSTASH = 'upstashRedisBackedChatMemory';

const node = (id: string, type: string, more: object = {}) => ({ id, type, version: 1, position: { x: 0, y: 0 }, inputs: {}, ...more });

test('a credential that can’t be opened any more says so where it is used and in the list, and another takes its place', async ({ page, host, watch }) => {
  watch.allowFailures(/\/(nodes\/health|nodes\/options|memory\/\w+|credentials\/[\w-]+)$/u);
  const { id } = await host.api<{ id: string }>('/credentials', { name: 'Team token', type: 'upstashRedisMemoryApi', fields: { upstashRestToken: 'kept-secret' } });
  const memory = node('memory', UPSTASH, { name: 'Tickets', inputs: { baseURL: 'https://nowhere.upstash.io' }, credential: id });
  const flow = await host.api<{ id: string }>('/flows', { flow: { format: 1, name: 'Support', nodes: [memory], edges: [] } });
  await host.kill();
  // Its seal was made with another key.
  const folder = join(host.dataDir, 'credentials');
  const [file = ''] = await readdir(folder);
  const record = JSON.parse(await readFile(join(folder, file), 'utf8')) as { sealed: string };
  await writeFile(join(folder, file), JSON.stringify({ ...record, sealed: Buffer.alloc(64, 7).toString('base64') }));
  await host.start();

  await page.goto(`/#/flows/${flow.id}`);
  const status = card(page, 'Tickets').locator('.card-status');
  await expect(status).toHaveAttribute('data-status', 'error');
  await expect(status).toContainText('was changed after it was sealed');
  await expect(status).toContainText('enter it again');
  await select(page, 'Tickets');
  await inspector(page).getByRole('tab', { name: 'Memory' }).click();
  await expect(inspector(page)).toContainText('The credential can’t be opened');

  await fromMenu(page, 'Credentials');
  const list = page.getByRole('dialog', { name: 'Credentials' });
  const row = list.getByRole('listitem');
  await expect(row).toContainText('Support · Tickets');
  await expect(row.locator('.row-problem')).toBeVisible();
  await expect(row.getByRole('button', { name: /^Edit/u })).toHaveCount(0);
  await list.getByRole('button', { name: 'New credential' }).click();
  const dialog = page.getByRole('dialog', { name: /^New .* credential$/u });
  await dialog.getByLabel('Type').selectOption('Upstash Redis');
  await dialog.getByLabel('REST token').fill('another-secret');
  await dialog.getByRole('button', { name: 'Test and save' }).click();
  await dialog.getByRole('button', { name: 'Save anyway' }).click();
  await expect(row).toHaveCount(2);
  // Nothing was taken away that a key that comes back could open.
  expect(await readdir(folder)).toHaveLength(2);
  await page.keyboard.press('Escape');
  await inspector(page).getByRole('tab', { name: 'Settings' }).click();
  await inspector(page).getByRole('button', { name: 'Edit this Upstash credential' }).click();
  await expect(page.getByRole('dialog', { name: 'Edit credential' }).getByRole('alert')).toContainText('was changed after it was sealed');
  await page.keyboard.press('Escape');
  await inspector(page).getByLabel('Upstash credential', { exact: true }).selectOption('Upstash Redis');
  await expect(status).not.toContainText('sealed');
});

test('an export of 20 MB is imported; a flow that is too large is refused, or kept here with what it lacks', async ({ page, host, watch }) => {
  test.slow();
  watch.allowFailures(/\/(flows\/import|flows\/validate|flows\/[\w-]+|nodes\/health)$/u);
  const give = (value: unknown) => page.getByLabel('File to import').setInputFiles({ name: 'large.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(value)) });
  // Exports of Flowise repeat what is known of each node.
  const large = JSON.parse(await readFile(EXPORT, 'utf8')) as { nodes: { data: { description: string } }[] };
  for (const one of large.nodes) one.data.description = 'It remembers. '.repeat((20 * MB) / large.nodes.length / 14);
  await page.goto('/');
  await expect(card(page, 'Echo Model')).toBeVisible();
  await fromMenu(page, 'Import');
  await give(large);
  const report = page.getByRole('dialog', { name: 'Import report' });
  await expect(report).toContainText('came from a Flowise export', { timeout: 30_000 });
  await report.getByRole('button', { name: 'Go to the flow' }).click();
  await expect(page.locator('.react-flow__node')).toHaveCount(large.nodes.length);

  await fromMenu(page, 'Import');
  const prompt = 'Speak kindly. '.repeat((9 * MB) / 14);
  const own = { format: 1, name: 'Large', nodes: [node('chain', 'conversationChain', { inputs: { systemMessagePrompt: prompt } })], edges: [] };
  await give(own);
  const dialog = page.getByRole('dialog', { name: 'Import a flow' });
  await expect(dialog.getByRole('alert')).toContainText('at most 8388608 are allowed');
  await expect(dialog.getByRole('alert')).toContainText('Nothing was changed here.');
  await page.keyboard.press('Escape');

  // What is typed here stays here until it is shorter.
  const { id } = await host.api<{ id: string }>('/flows', { flow: { ...own, nodes: [node('chain', 'conversationChain')], padding: 'x'.repeat(8 * MB - 1_024) } });
  await page.goto(`/#/flows/${id}`);
  await expect(page.getByLabel('Name of the flow')).toHaveValue('Large');
  const field = (await select(page, 'Conversation Chain')).getByLabel('System message', { exact: true });
  await field.fill('Speak kindly. '.repeat(400));
  await expect(page.getByRole('alert').filter({ hasText: 'Not saved' })).toContainText(/bytes/u);
  await expect(field).toHaveValue('Speak kindly. '.repeat(400));
  await field.fill('Speak kindly.');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  const { flow } = await host.api<{ flow: { nodes: { inputs: object }[]; padding: string } }>(`/flows/${id}`);
  expect(flow.nodes[0]?.inputs).toEqual({ systemMessagePrompt: 'Speak kindly.' });
  expect(flow.padding).toHaveLength(8 * MB - 1_024);
});

test('what was made by a newer program is shown, named as such, and saved back as it was', async ({ page, host }) => {
  const newer = node('echo', 'echoModel', { version: 99, inputs: { voice: { depth: 3 } } });
  const { id } = await host.api<{ id: string }>('/flows', { flow: { format: 1, name: 'Newer', nodes: [newer], edges: [] } });
  await page.goto(`/#/flows/${id}`);
  await expect(card(page, 'Echo Model').locator('.card-status')).toContainText(/version 99/u);
  await page.getByLabel('Name of the flow').fill('Newer, seen here');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  const { flow } = await host.api<{ flow: { name: string; nodes: object[] } }>(`/flows/${id}`);
  expect(flow).toMatchObject({ name: 'Newer, seen here', nodes: [{ version: 99, inputs: { voice: { depth: 3 } } }] });
});

test('scripts in names, messages and answers are text wherever they are shown', async ({ page, host }) => {
  const evil = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>';
  const link = '[here](javascript:globalThis.pwned=1) [there](https://example.com) ![i](https://example.com/i.png)';
  const memory = await memoryOf(host, 'dynamodb-builtin');
  const record = await host.api<{ flow: { nodes: { id: string; name?: string }[]; name: string } }>(`/flows/${memory.flow}`);
  record.flow.name = evil;
  for (const one of record.flow.nodes) if (one.id === memory.node) one.name = evil;
  const { id: flow } = await host.api<{ id: string }>('/flows', { flow: record.flow });
  const of = { flow, node: memory.node };
  await host.api('/memory/append', { memory: of, session: evil, turn: { messages: [{ role: 'user', content: evil }, { role: 'assistant', content: `${evil}\n\n${link}` }] } });

  await openMemory(page, of);
  await expect(card(page, evil)).toBeVisible();
  await session(page, evil).click();
  const messages = page.getByRole('feed').getByRole('article');
  await expect(messages.first()).toContainText(evil);
  await expectHarmless(page);
  await page.getByRole('button', { name: 'As stored' }).click();
  await expect(inspector(page)).toContainText('onerror');

  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  await page.locator('.chat-session-name').click();
  await page.getByLabel('Go on with a session by its name').fill(evil);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('log', { name: 'Conversation' })).toContainText(evil);
  await page.getByLabel('Message', { exact: true }).fill(`${evil} ${link}`);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Stored the turn')).toBeVisible();
  await fromMenu(page, 'All flows');
  await expect(page.getByRole('dialog').getByRole('listitem').filter({ hasText: evil })).toBeVisible();
  await expectHarmless(page);
});

async function expectHarmless(page: Page): Promise<void> {
  expect(await page.evaluate(() => (globalThis as { pwned?: number }).pwned)).toBeUndefined();
  expect(await page.locator('script:not([src]), img[src="x"], img[src^="http"], a[href^="javascript:"]').count()).toBe(0);
  for (const rel of await page.locator('a[href^="https://example.com"]').evaluateAll((links) => links.map((link) => link.getAttribute('rel')))) expect(rel).toContain('noopener');
}

test('an image is refused wherever it is pasted or dropped, and nothing changes', async ({ page, watch }) => {
  watch.allowFailures(/\/flows\/import$/u);
  await page.goto('/');
  await expect(card(page, 'Echo Model')).toBeVisible();
  await page.locator('.react-flow__pane').click({ position: { x: 16, y: 16 } });
  const image = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array([137, 80, 78, 71])], 'picture.png', { type: 'image/png' }));
    return data;
  });
  await page.evaluate((clipboardData) => {
    document.querySelector('.canvas')?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, image);
  await expect(page.getByRole('status').filter({ hasText: 'Only nodes and flows can be pasted here.' })).toBeVisible();
  await page.dispatchEvent('.canvas', 'drop', { dataTransfer: image });
  const dialog = page.getByRole('dialog', { name: 'Import a flow' });
  await expect(dialog.getByRole('alert')).toContainText(/not JSON/u);
  await expect(dialog.getByRole('alert')).toContainText('Nothing was changed here.');
  await page.keyboard.press('Escape');
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
});
