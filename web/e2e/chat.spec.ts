import type { Page } from '@playwright/test';
import { expect, test as base } from './test';
import type { Host } from './host';
import { startModel, type Model } from './model';
import { redisServer } from './redis';

const test = base.extend<{ model: Model; flow: string }>({
  model: async ({}, use) => {
    const model = await startModel();
    await use(model);
    await model.close();
  },
  hostArgs: async ({ model }, use) => use(['--allow-endpoint', model.endpoint]),
  flow: async ({ host, model }, use) => use(await talkingFlow(host, model)),
});

const TABLE = { tableName: 'chat', partitionKey: 'sessionId', sortKey: 'turn', endpoint: 'builtin' };

/** A chain with a memory and a model. */
async function talkingFlow(host: Host, model: Model | undefined, memory = 'DynamoDBChatMemory', inputs: object = TABLE): Promise<string> {
  const node = (id: string, type: string, inputs: object, x: number, y: number) => ({ id, type, version: 1, position: { x, y }, inputs });
  const edge = (source: string) => ({ source, sourceHandle: source, target: 'chain', targetHandle: source });
  const { id } = await host.api<{ id: string }>('/flows', {
    flow: {
      format: 1,
      name: 'Talk',
      nodes: [
        model ? node('model', 'chatModel', { modelName: 'm', baseURL: `http://${model.endpoint}/v1/` }, 0, 0) : node('model', 'echoModel', {}, 0, 0),
        node('memory', memory, inputs, 0, 240),
        node('chain', 'conversationChain', {}, 380, 120),
      ],
      edges: [edge('model'), edge('memory')],
    },
  });
  return id;
}

async function openChat(page: Page, flow: string): Promise<void> {
  await page.goto(`/#/flows/${flow}`);
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  await expect(message(page)).toBeFocused();
}

const message = (page: Page) => page.getByRole('textbox', { name: 'Message' });
const conversation = (page: Page) => page.getByRole('log', { name: 'Conversation' });
const exchanges = (page: Page) => conversation(page).getByRole('article');
const send = async (page: Page, text: string) => {
  await message(page).fill(text);
  await message(page).press('Enter');
};
const sessionOf = (page: Page) => page.locator('.chat-session code').innerText();

/** What the backend itself holds, turn by turn. */
async function stored(host: Host, flow: string, session: string): Promise<string[]> {
  const { turns } = await host.api<{ turns: { messages: { content: string }[] }[] }>('/memory/turns', { memory: { flow, node: 'memory' }, session });
  return turns.map(({ messages }) => messages.map(({ content }) => content).join(' → '));
}

test('streams an answer, stores it, and has it after a reload', async ({ page, host, flow, model }) => {
  await openChat(page, flow);
  await send(page, 'Hello <script>alert(1)</script>');
  await expect(message(page)).toHaveValue('');
  await expect.poll(model.asked).toBe(1);
  model.say('An **answer** ');
  await expect(exchanges(page).locator('strong')).toHaveText('answer');
  await expect(page.locator('.card[data-status=running]')).not.toHaveCount(0);
  model.say('with <b>markup</b>.');
  await expect(conversation(page)).toContainText('with <b>markup</b>.');
  model.end();
  await expect(page.getByText('Stored the turn')).toBeVisible();
  await expect(conversation(page)).toContainText('Hello <script>alert(1)</script>');
  await expect(page.locator('.card[data-status=running]')).toHaveCount(0);
  expect(await stored(host, flow, await sessionOf(page))).toEqual(['Hello <script>alert(1)</script> → An **answer** with <b>markup</b>.']);

  await page.reload();
  await expect(exchanges(page)).toHaveCount(1);
  await expect(page.getByText('Stored the turn')).toBeVisible();
});

test('stops an answer, keeps what was said, and marks it', async ({ page, host, flow, model }) => {
  await openChat(page, flow);
  await send(page, 'Tell me');
  await expect.poll(model.asked).toBe(1);
  model.say('As far as this');
  await expect(conversation(page)).toContainText('As far as this');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('You stopped it here.')).toBeVisible();
  expect(await stored(host, flow, await sessionOf(page))).toEqual(['Tell me → As far as this']);
  await page.reload();
  await expect(page.getByText('You stopped it here.')).toBeVisible();
});

test('goes on with the answer after a reload in its middle', async ({ page, host, flow, model }) => {
  await openChat(page, flow);
  await send(page, 'Go on');
  await expect.poll(model.asked).toBe(1);
  model.say('One, ');
  await expect(conversation(page)).toContainText('One,');
  await page.reload();
  await expect(conversation(page)).toContainText('One,');
  model.say('two.');
  model.end();
  await expect(page.getByText('Stored the turn')).toBeVisible();
  await expect(exchanges(page)).toHaveCount(1);
  await expect(conversation(page)).toContainText('One, two.');
  expect(model.asked()).toBe(1);
  expect(await stored(host, flow, await sessionOf(page))).toEqual(['Go on → One, two.']);
});

test('a host that is killed in the middle of an answer: says so, loses nothing typed, and asks again without doubling', async ({ page, host, flow, model, watch }) => {
  await openChat(page, flow);
  await send(page, 'First');
  await expect.poll(model.asked).toBe(1);
  model.say('Answered.');
  model.end();
  await expect(page.getByText('Stored the turn')).toBeVisible();

  await send(page, 'Second');
  await expect.poll(model.asked).toBe(2);
  model.say('Half of ');
  await expect(conversation(page)).toContainText('Half of');
  watch.allowFailures(/\/api\//u);
  await host.kill();
  await expect(page.getByText('The host does not answer. Waiting for it…')).toBeVisible();
  await message(page).fill('typed meanwhile');
  await host.start();
  await expect(page.getByText('Cut off.')).toBeVisible();
  await expect(conversation(page)).toContainText('Half of');
  expect(await stored(host, flow, await sessionOf(page))).toEqual(['First → Answered.']);

  await page.reload();
  await expect(message(page)).toHaveValue('typed meanwhile');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(model.asked).toBe(3);
  model.say('All of it.');
  model.end();
  await expect(page.getByText('Stored the turn')).toBeVisible();
  await expect(exchanges(page)).toHaveCount(2);
  expect(await stored(host, flow, await sessionOf(page))).toEqual(['First → Answered.', 'Second → All of it.']);
});

test('a message to a host that is gone stays, and is sent once when it is back', async ({ page, host, flow, model, watch }) => {
  await openChat(page, flow);
  await expect(page.getByText('Nothing said yet.')).toBeVisible();
  watch.allowFailures(/\/api\//u);
  await host.kill();
  await send(page, 'Anybody?');
  await expect(page.getByText('No answer.')).toBeVisible();
  await host.start();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(model.asked).toBe(1);
  model.say('Yes.');
  model.end();
  await expect(page.getByText('Stored the turn')).toBeVisible();
  await expect(exchanges(page)).toHaveCount(1);
  expect(await stored(host, flow, await sessionOf(page))).toEqual(['Anybody? → Yes.']);
});

test('sessions: chosen by name, shown with who named them, and a new one knows nothing', async ({ page, host }) => {
  const flow = await talkingFlow(host, undefined, undefined, { ...TABLE, sessionId: 'desk' });
  await openChat(page, flow);
  const session = page.locator('.chat-session-name');
  await expect(session).toContainText('desk');
  await expect(session).toContainText('named by the memory node');
  await send(page, 'My name is Ada.');
  await expect(page.getByText('Stored the turn')).toBeVisible();

  await session.click();
  await page.getByLabel('Go on with a session by its name').fill('order 7');
  await page.keyboard.press('Enter');
  await expect(session).toContainText('order 7');
  await expect(session).toContainText('chosen here');
  await expect(exchanges(page)).toHaveCount(0);
  await expect(message(page)).toBeFocused();
  await send(page, 'Who am I?');
  await expect(conversation(page)).toContainText('Memory gave me nothing');

  await session.click();
  await page.getByRole('button', { name: 'Back to the chat’s own' }).click();
  await expect(conversation(page)).toContainText('My name is Ada.');
  await page.getByRole('button', { name: 'New session' }).click();
  await expect(exchanges(page)).toHaveCount(0);
  expect(await stored(host, flow, 'order 7')).toHaveLength(1);
  expect(await stored(host, flow, 'desk')).toHaveLength(1);
});

test('a flow that can’t run says why, and leads to the node', async ({ page, host }) => {
  const flow = await talkingFlow(host, undefined, undefined, { ...TABLE, tableName: '' });
  await page.goto(`/#/flows/${flow}`);
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  await expect(page.getByText('This flow can’t run yet')).toBeVisible();
  await expect(message(page)).toHaveCount(0);
  await page.getByRole('region', { name: 'Chat' }).getByRole('button', { name: 'DynamoDB Chat Memory' }).first().click();
  await page.getByLabel('Table name', { exact: false }).and(page.locator('input')).fill('chat');
  await expect(message(page)).toBeVisible();
});

test('images are not taken, and the text stays', async ({ page, flow }) => {
  await openChat(page, flow);
  await message(page).fill('Look at this');
  await message(page).evaluate((field) => {
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'picture.png', { type: 'image/png' }));
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  });
  await expect(page.getByText('Images and files are not taken. Send text.')).toBeVisible();
  await expect(message(page)).toHaveValue('Look at this');
});

test('a long conversation follows the reader, and does not pull one who reads', async ({ page, host, flow, model }) => {
  const session = 'long';
  for (let at = 1; at <= 60; at++) {
    const messages = [{ role: 'user', content: `Question ${at}` }, { role: 'assistant', content: `Answer ${at}. `.repeat(20) }];
    await host.api('/memory/append', { memory: { flow, node: 'memory' }, session, turn: { messages } });
  }
  await openChat(page, flow);
  await page.locator('.chat-session-name').click();
  await page.getByLabel('Go on with a session by its name').fill(session);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Question 60', { exact: false })).toBeInViewport();
  await send(page, 'And now?');
  await expect.poll(model.asked).toBe(1);
  const log = conversation(page);
  const fromEnd = () => log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  for (let at = 0; at < 20; at++) model.say(`Line ${at}.\n\n`);
  await expect(log).toContainText('Line 19.');
  await expect.poll(fromEnd).toBeLessThan(8);

  await log.hover();
  await page.mouse.wheel(0, -600);
  await expect(page.getByRole('button', { name: 'Newest' })).toBeVisible();
  const top = await log.evaluate((box) => box.scrollTop);
  model.say('A line more.');
  model.end();
  await expect(log).toContainText('A line more.');
  expect(await log.evaluate((box) => box.scrollTop)).toBe(top);
  await page.getByRole('button', { name: 'Newest' }).click();
  await expect.poll(fromEnd).toBeLessThan(8);

  await log.evaluate((box) => (box.scrollTop = 0));
  await page.getByRole('button', { name: 'Show earlier messages' }).click();
  await expect(page.getByText('You: Question 1', { exact: true })).toBeAttached();
  await expect(page.getByRole('button', { name: 'Show earlier messages' })).toHaveCount(0);
});

test.describe('a memory that goes away while the model answers', () => {
  const store = redisServer();
  test.use({ hostArgs: async ({ model }, use) => use(['--allow-endpoint', model.endpoint, '--redis', store.url]) });
  test.beforeEach(() => store.start());
  test.afterEach(() => store.kill());

  test('leaves the answer there, says why it is not stored, and stores it once when asked to', async ({ page, host, model, watch }) => {
    const flow = await talkingFlow(host, model, 'upstashRedisBackedChatMemory', { baseURL: 'builtin' });
    await openChat(page, flow);
    await send(page, 'Keep this');
    await expect.poll(model.asked).toBe(1);
    await store.kill();
    model.say('An answer that must not be lost.');
    model.end();
    await expect(conversation(page).getByText('Not stored.')).toBeVisible();
    await expect(conversation(page)).toContainText('An answer that must not be lost.');
    watch.allowFailures(/\/(store|turns|health)$/u);
    await page.getByRole('button', { name: 'Store again' }).click();
    await expect(page.getByRole('button', { name: 'Store again' })).toBeEnabled();
    await expect(conversation(page).getByText('Not stored.')).toBeVisible();
    await page.reload();
    await store.start();
    await page.getByRole('button', { name: 'Store again' }).click();
    await expect(conversation(page).getByText('Not stored.')).toHaveCount(0);
    expect(await stored(host, flow, await sessionOf(page))).toEqual(['Keep this → An answer that must not be lost.']);
  });
});
