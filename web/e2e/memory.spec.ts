import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import { memoryOf, openMemory, session, sessionMenu as menu } from './stores';
import { expect, test } from './test';

test('one message typed is shown as stored, searched, exported and cleared', async ({ page, host }) => {
  const memory = await memoryOf(host, 'dynamodb-builtin');
  await openMemory(page, memory);
  await expect(page.getByText('Nothing is stored yet')).toBeVisible();
  await page.getByRole('button', { name: 'Open the chat' }).click();
  await page.getByRole('textbox', { name: /message/iu }).fill('Hello my name is Collin.');
  await page.keyboard.press('Enter');

  // The list shows the session by itself.
  const stored = page.getByRole('option').first();
  await stored.click();
  const messages = page.getByRole('feed').getByRole('article');
  await expect(messages).toHaveCount(2);
  await expect(messages.first()).toContainText('Hello my name is Collin.');
  await expect(page.getByText('2 messages in 1 turn')).toBeVisible();

  // A second turn comes while the session is looked at.
  await page.getByRole('textbox', { name: /message/iu }).fill('What is my name?');
  await page.keyboard.press('Enter');
  await expect(messages).toHaveCount(4);
  await page.locator('.memory-costs summary').click();
  await expect(page.getByText(/^About .* as the last one/u)).toBeVisible();

  await page.getByLabel('Search in the session').fill('COLLIN');
  await expect(page.locator('.memory-hits')).toHaveText(/^\d of \d$/u);
  await page.getByLabel('Search in the session').fill('');

  const [download] = await Promise.all([page.waitForEvent('download'), menu(page, 'Export as JSON')]);
  const exported = JSON.parse(await readFile(await download.path(), 'utf8')) as { turns: { messages: { content: string }[] }[] };
  expect(exported.turns.map(({ messages: [first] }) => first?.content)).toEqual(['Hello my name is Collin.', 'What is my name?']);

  await menu(page, 'Clear the session…');
  await expect(page.getByRole('dialog')).toContainText('4 messages in 2 turns will be removed');
  await page.getByRole('button', { name: 'Clear it' }).click();
  await expect(page.getByText(/^Removed 4 messages in 2 turns\. It took .*write unit/u)).toBeVisible();
  await expect(page.getByText('This session is empty')).toBeVisible();
  await expect(page.getByRole('log', { name: 'Conversation' }).getByRole('article')).toHaveCount(0);
});

test('of ten thousand messages only those near the view are drawn', async ({ page, host }) => {
  test.slow();
  const memory = await memoryOf(host, 'dynamodb-builtin');
  const pair = (at: number) => [{ role: 'user', content: `Question ${at}: how far is **the tower**?` }, { role: 'assistant', content: `Answer ${at}.\n\n- steps: ${at * 3}\n- \`left\`` }];
  for (let at = 0; at < 5_000; at += 5) {
    const messages = Array.from({ length: 5 }, (_, more) => pair(at + more)).flat();
    await host.api('/memory/append', { memory, session: 'long', turn: { messages } });
  }
  await openMemory(page, memory);
  await session(page, 'long').click();
  await expect(page.getByText('The newest 50 turns, 500 messages')).toBeVisible();
  await expect(page.getByText('Answer 4999.')).toBeInViewport();
  const box = page.getByRole('feed');
  await box.evaluate((element) => element.scrollTo(0, 0));
  await page.getByRole('button', { name: 'Read all of it' }).click();
  await expect(page.getByText('10,000 messages in 1,000 turns')).toBeVisible();
  expect(await page.locator('.message').count()).toBeLessThan(200);

  await page.getByLabel('Search in the session').fill('Answer 17.');
  await expect(page.locator('.memory-hits')).toHaveText('1 of 1');
  await expect(page.locator('.message[data-current=true]')).toBeInViewport();
  await page.getByLabel('Search in the session').fill('');

  await box.evaluate(async (element) => {
    for (let frame = 0; frame < 60; frame++) {
      element.scrollBy(0, 300);
      await new Promise(requestAnimationFrame);
    }
  });
  await expect(page.locator('.message').first()).toBeAttached();
  expect(await page.locator('.message').count()).toBeLessThan(200);

  // It goes on in the chat, and what is said comes to the end of it.
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  await page.locator('.chat-session-name').click();
  await page.getByLabel('Go on with a session by its name').fill('long');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('log', { name: 'Conversation' })).toContainText('Answer 4999.');
  await page.getByLabel('Message', { exact: true }).fill('Is it still quick?');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Stored the turn')).toBeVisible();
  await expect(page.getByText('10,002 messages in 1,001 turns')).toBeVisible();
});

test('what the store declares appears: a message is changed and removed', async ({ page, host }) => {
  const memory = await memoryOf(host, 'dynamodb-builtin', { tableName: 'lists', partitionKey: 'session', endpoint: 'builtin', layout: 'list', createTable: true });
  await host.api('/memory/append', { memory, session: 's', turn: { messages: [{ role: 'user', content: 'Helo' }, { role: 'assistant', content: 'Hi.' }] } });
  await openMemory(page, memory);
  await session(page, 's').click();
  await expect(page.getByText(/of 400 KB/u)).toBeVisible();
  const messages = page.getByRole('feed').getByRole('article');
  await messages.first().hover();
  await messages.first().getByRole('button', { name: 'What can be done with it' }).click();
  await page.getByRole('menuitem', { name: 'Edit…' }).click();
  await page.getByLabel('Text of the message').fill('Hello');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(messages.first()).toContainText('Hello');
  await messages.last().hover();
  await messages.last().getByRole('button', { name: 'What can be done with it' }).click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await expect(messages).toHaveCount(1);
});

test('what goes wrong is told with its cause and the way on', async ({ page, host, watch }) => {
  watch.allowFailures(/\/api\//u);
  await host.api('/memory/append', { memory: await memoryOf(host, 'dynamodb-builtin'), session: 's', turn: { messages: [{ role: 'user', content: 'Hello' }] } });
  const alert = page.locator('.memory-failure');
  const misfit = await memoryOf(host, 'dynamodb-builtin', { tableName: 'canvas-memory', partitionKey: 'another', endpoint: 'builtin' });
  await openMemory(page, misfit);
  await expect(alert).toContainText('canvas-memory');
  await expect(alert).toContainText('another');
  await openMemory(page, await memoryOf(host, 'dynamodb-builtin', { tableName: 'chat', partitionKey: 'session', region: 'eu-west-1' }));
  await expect(page.getByRole('heading', { name: 'Not set up yet' })).toBeVisible();
  await expect(page.getByText('Choose the AWS credential.')).toBeVisible();
  await page.getByRole('button', { name: 'Open the settings' }).click();
  await expect(page.getByRole('tab', { name: 'Settings' })).toHaveAttribute('aria-selected', 'true');
  await openMemory(page, misfit);
  await host.kill();
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(alert).toContainText('The host does not answer');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('by keyboard alone, and with nothing that axe finds serious', async ({ page, host }) => {
      const memory = await memoryOf(host, 'upstash-redis-builtin');
      const call = { id: 'c1', name: 'get_weather', arguments: { city: 'Lisbon' } };
      await host.api('/memory/append', {
        memory,
        session: 'trip',
        turn: { messages: [{ role: 'user', content: 'Weather?' }, { role: 'assistant', content: '', tool_calls: [call] }, { role: 'tool', content: '21.5', tool_call_id: 'c1' }, { role: 'assistant', content: '**Clear**' }] },
      });
      const serious = async () => {
        const { violations } = await new AxeBuilder({ page }).include('.memory').analyze();
        return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      };
      await openMemory(page, memory);
      await expect(session(page, 'trip')).toBeVisible();
      expect(await serious()).toEqual([]);
      await page.getByLabel('Find a session, or type its id').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('feed').getByRole('article')).toHaveCount(3);
      await expect(page.getByRole('heading', { name: 'trip' })).toBeFocused();
      await page.keyboard.press('Control+f');
      await page.keyboard.type('lisbon');
      await expect(page.locator('.memory-hits')).toHaveText('1 of 1');
      expect(await serious()).toEqual([]);
      await page.getByRole('button', { name: 'As stored' }).press('Enter');
      await expect(page.getByRole('article', { name: /^Row/u }).first()).toBeVisible();
      expect(await serious()).toEqual([]);
      await page.getByRole('button', { name: 'Large view' }).press('Enter');
      await expect(page.getByRole('dialog')).toBeVisible();
      expect(await serious()).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'All sessions' }).press('Enter');
      await expect(session(page, 'trip')).toBeFocused();
    });
  });
}
