import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import type { Host } from './host';
import { memoryOf, openMemory, session, sessionMenu, type MemoryRef } from './stores';
import { expect, test } from './test';

const HOUR_SECS = 3_600;
const KB = 1_024;

const turn = (at: number) => [{ role: 'user', content: `Question ${at}` }, { role: 'assistant', content: `Answer ${at}` }];

async function append(host: Host, memory: MemoryRef, id: string, messages: object[]): Promise<void> {
  await host.api('/memory/append', { memory, session: id, turn: { messages } });
}

/** What looking has cost so far, as the tab tells it. */
async function spent(page: Page): Promise<number> {
  return units(await page.locator('.memory-costs-sum').innerText());
}

function units(text: string): number {
  const found = /([\d.]+) read unit/u.exec(text)?.[1];
  if (found === undefined) throw new Error(`no read units in “${text}”`);
  return Number(found);
}

test('the price of reading on is told before, and is what it costs', async ({ page, host }) => {
  const memory = await memoryOf(host, 'dynamodb-builtin');
  for (let at = 1; at <= 60; at++) await append(host, memory, `session ${at}`, turn(at));
  for (let at = 1; at <= 70; at++) await append(host, memory, 'session 7', [{ role: 'user', content: `${at} `.repeat(700) }]);
  await openMemory(page, memory);

  const more = page.getByRole('button', { name: /^Load up to 50 more · about [\d.]+ read units?$/u });
  await expect(more).toBeVisible();
  await expect(page.getByText(/^\d+ sessions, (in the store’s order|newest first)$/u)).toBeVisible();
  await expectPrice(page, units(await more.innerText()), async () => {
    for (;;) {
      await more.click();
      await expect(page.getByRole('button', { name: 'Loading…' })).toHaveCount(0);
      if ((await more.count()) === 0) return;
    }
  });
  await expect(page.getByRole('option')).toHaveCount(60);

  await session(page, 'session 7').last().scrollIntoViewIfNeeded();
  await page.getByLabel('Find a session, or type its id').fill('session 7');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The newest 50 turns')).toBeVisible();
  const older = page.getByRole('button', { name: /^Show 250 · about [\d.]+ read units?$/u });
  const price = units(await older.innerText());
  const before = await spent(page);
  await older.click();
  await expect(page.getByText('72 messages in 71 turns')).toBeVisible();
  // There were fewer than it asked for.
  expect(await spent(page)).toBeGreaterThan(before);
  expect((await spent(page)) - before).toBeLessThanOrEqual(price);
});

/** Within a factor of two: pages are not of one size. */
async function expectPrice(page: Page, price: number, act: () => Promise<void>): Promise<void> {
  const before = await spent(page);
  await act();
  const paid = (await spent(page)) - before;
  expect(paid).toBeGreaterThanOrEqual(price / 2);
  expect(paid).toBeLessThanOrEqual(price * 2);
}

test('a session tells until when it is kept, and its rows too', async ({ page, host }) => {
  const inputs = { tableName: 'short', partitionKey: 'session', sortKey: 'turn', endpoint: 'builtin', expiryAttribute: 'expires', ttlSecs: 2 * HOUR_SECS };
  const memory = await memoryOf(host, 'dynamodb-builtin', inputs);
  await append(host, memory, 'short', turn(1));
  await openMemory(page, memory);
  await session(page, 'short').click();
  const at = new Date(Date.now() + 2 * HOUR_SECS * 1_000);
  const day = at.toLocaleDateString('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
  await expect(page.locator('.memory-facts')).toContainText(/Expires in (2 hours|1 hour|1\d\d minutes|an hour)/u);
  await expect(page.locator('.memory-facts')).toContainText(day);
  await page.getByRole('button', { name: 'As stored' }).click();
  await expect(page.locator('.row-expiry').first()).toContainText(day);
});

test('what is exported and copied is the conversation, whole and in order', async ({ page, host, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const memory = await memoryOf(host, 'dynamodb-builtin');
  const id = 'order/7 “ä” <b>';
  const call = { id: 'c1', name: 'get_weather', arguments: { city: 'Lisbon' } };
  await append(host, memory, id, [
    { role: 'user', content: 'Weather in ``` Lisbon?' },
    { role: 'assistant', content: '', tool_calls: [call] },
    { role: 'tool', content: 'a ``` fence', tool_call_id: 'c1' },
    { role: 'assistant', content: '**Clear**, 21 °C 🌞' },
  ]);
  for (let at = 2; at <= 60; at++) await append(host, memory, id, turn(at));
  await openMemory(page, memory);
  await session(page, id).click();
  await expect(page.getByText('The newest 50 turns')).toBeVisible();

  const exported = async (item: string) => {
    const [download] = await Promise.all([page.waitForEvent('download'), sessionMenu(page, item)]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
  };
  // All of it, though only the newest turns were read.
  const json = await exported('Export as JSON');
  expect(json.name).toBe('order-7-ä-b.json');
  const { turns } = await host.api<{ turns: object[] }>('/memory/turns', { memory, session: id, last: 100 });
  expect(turns).toHaveLength(60);
  expect(JSON.parse(json.text)).toEqual({ session: id, turns });
  await expect(page.getByText('122 messages saved as order-7-ä-b.json.')).toBeVisible();

  const markdown = await exported('Export as Markdown');
  expect(markdown.name).toBe('order-7-ä-b.md');
  const lines = markdown.text.split('\n');
  expect(lines[0]).toBe(`# ${id}`);
  expect(lines.filter((line) => line.startsWith('## Turn '))).toHaveLength(60);
  expect(markdown.text.replace(/ · \d{4}-\d\d-\d\d \d\d:\d\d UTC/gu, '').slice(lines[0]!.length + 2)).toMatch(
    new RegExp(`^${escaped(FIRST_TURN)}\n\n## Turn 2\n\n\\*\\*User\\*\\*\n\nQuestion 2\n\n\\*\\*Assistant\\*\\*\n\nAnswer 2\n\n## Turn 3`, 'u'),
  );
  expect(markdown.text.endsWith('**User**\n\nQuestion 60\n\n**Assistant**\n\nAnswer 60\n')).toBe(true);

  await sessionMenu(page, 'Copy as Markdown');
  await expect(page.getByText('122 messages copied.')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(markdown.text);
  await page.getByRole('button', { name: 'Copy the session’s id' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(id);
  const last = page.getByRole('feed').getByRole('article').last();
  await last.hover();
  await last.getByRole('button', { name: 'What can be done with it' }).click();
  await page.getByRole('menuitem', { name: 'Copy the text' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('Answer 60');
});

const FIRST_TURN = `## Turn 1

**User**

Weather in \`\`\` Lisbon?

**Assistant**

Called \`get_weather\`:

\`\`\`
{
  "city": "Lisbon"
}
\`\`\`

It gave:

\`\`\`\`
a \`\`\` fence
\`\`\`\`

**Assistant**

**Clear**, 21 °C 🌞`;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&');
}

test('clearing a session that is read in part removes all of it, and says how much that was', async ({ page, host }) => {
  const memory = await memoryOf(host, 'dynamodb-builtin');
  for (let at = 1; at <= 60; at++) await append(host, memory, 'long', turn(at));
  await append(host, memory, 'other', turn(1));
  await openMemory(page, memory);
  await session(page, 'long').click();
  await expect(page.getByText('The newest 50 turns, 100 messages')).toBeVisible();
  await sessionMenu(page, 'Clear the session…');
  const dialog = page.getByRole('dialog', { name: 'Clear this session?' });
  await expect(dialog).toContainText('the 100 messages in 50 turns that are loaded here, and the older ones');
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(page.getByText('The newest 50 turns, 100 messages')).toBeVisible();
  await sessionMenu(page, 'Clear the session…');
  await dialog.getByRole('button', { name: 'Clear it' }).click();
  await expect(page.getByRole('status').filter({ hasText: /^Removed 120 messages in 60 turns\. It took [\d.]+ /u })).toBeVisible();
  await page.getByRole('button', { name: 'All sessions' }).click();
  await expect(page.getByRole('option')).toHaveText(/^other/u);
});

test('a session in one item says how full it is, warns when it is nearly full, and refuses what does not fit', async ({ page, host, watch }) => {
  watch.allowFailures(/\/api\//u);
  const inputs = { tableName: 'lists', partitionKey: 'session', endpoint: 'builtin', layout: 'list', createTable: true };
  const memory = await memoryOf(host, 'dynamodb-builtin', inputs);
  const said = (kb: number) => [{ role: 'user', content: 'x'.repeat(kb * KB) }, { role: 'assistant', content: 'Noted.' }];
  await append(host, memory, 'full', said(100));
  await openMemory(page, memory);
  await session(page, 'full').click();
  const bar = page.getByRole('meter', { name: 'Size of the session' });
  const warning = page.getByText('Nearly full: when it is, no turn fits any more.');
  await expect(bar).toHaveAttribute('aria-valuetext', /^100\.\d KB of 400 KB$/u);
  await expect(warning).toHaveCount(0);
  await append(host, memory, 'full', said(210));
  await page.getByRole('button', { name: 'Read it again' }).click();
  await expect(bar).toHaveAttribute('aria-valuetext', /^310\.\d KB of 400 KB$/u);
  await expect(page.locator('.size-bar')).toHaveAttribute('data-level', 'warn');
  await expect(warning).toBeVisible();
  await append(host, memory, 'full', said(80));
  await page.getByRole('button', { name: 'Read it again' }).click();
  await expect(page.locator('.size-bar')).toHaveAttribute('data-level', 'bad');

  // What does not fit any more is not stored, is not lost, and says why.
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  await page.locator('.chat-session-name').click();
  await page.getByLabel('Go on with a session by its name').fill('full');
  await page.keyboard.press('Enter');
  const text = 'y'.repeat(20 * KB);
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
  const conversation = page.getByRole('log', { name: 'Conversation' });
  await expect(conversation.getByText('Not stored.')).toBeVisible();
  await expect(conversation.getByRole('alert')).toContainText('400 KB');
  await expect(conversation).toContainText(text.slice(0, 500));
  await expect(page.getByText('6 messages in 3 turns')).toBeVisible();
});
