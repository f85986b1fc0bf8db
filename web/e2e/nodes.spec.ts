import type { Locator, Page } from '@playwright/test';
import { card, drop, emptyFlow, inspector, select } from './canvas';
import type { Host } from './host';
import { startModel, type Model } from './model';
import { expect, test as base } from './test';

const test = base.extend<{ model: Model }>({
  model: async ({}, use) => {
    const model = await startModel();
    await use(model);
    await model.close();
  },
  hostArgs: async ({ model }, use) => use(['--allow-endpoint', model.endpoint]),
});

const GRIPTAPE = 'Griptape Conversation Memory (DynamoDB)';
const CONVERSATION = 'Mem0 Conversation Memory (DynamoDB)';
const HISTORY = 'Mem0 History Store (DynamoDB)';
const GRAPH = 'Mem0 Graph Memory (DynamoDB)';

const status = (page: Page, title: string) => card(page, title).locator('.card-status');
const conversation = (page: Page) => page.getByRole('log', { name: 'Conversation' });

/** Drops a node and fills in what it needs to keep its things in the database inside the program. */
async function place(page: Page, title: string, at: { x: number; y: number }, table: string): Promise<Locator> {
  await drop(page, title, at);
  const settings = await select(page, title);
  await settings.getByRole('tab', { name: 'Settings' }).click();
  await expect(status(page, title)).toContainText('Fill in Table name');
  await settings.getByLabel('Table name', { exact: true }).fill(table);
  await expect(status(page, title)).toContainText('Choose the AWS credential');
  await settings.getByText('Advanced').first().click();
  await settings.getByLabel('Endpoint', { exact: true }).fill('builtin');
  await expect(status(page, title)).toHaveText(/^Ready/u);
  return settings;
}

/** Draws a wire from the one output to an input. */
async function wire(page: Page, from: string, to: string, port: string): Promise<void> {
  const edges = page.locator('.react-flow__edge');
  const before = await edges.count();
  await card(page, from).locator('.react-flow__handle.source').dragTo(card(page, to).locator(`.react-flow__handle.target[data-handleid="${port}"]`));
  await expect(edges).toHaveCount(before + 1);
}

/** The node is tested, and its own docs and what was found are there to be read. */
async function examine(settings: Locator): Promise<void> {
  await settings.getByRole('button', { name: 'Diagnose' }).click();
  await expect(settings.getByRole('heading', { name: 'Diagnosis' })).toBeVisible();
  await expect(settings.locator('.findings li[data-level=error]')).toHaveCount(0);
  await settings.getByRole('button', { name: 'Close the diagnosis' }).click();
  await settings.getByRole('tab', { name: 'Docs' }).click();
  await expect(settings.getByRole('heading', { name: /Make a table/u })).toBeVisible();
}

async function openChat(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  await expect(page.getByLabel('Message', { exact: true })).toBeVisible();
}

async function say(page: Page, text: string): Promise<void> {
  const stored = page.getByText('Stored the turn');
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
  await expect(conversation(page)).toContainText(text);
  await expect(page.getByRole('button', { name: 'Stop' })).toHaveCount(0);
  await expect(stored.last()).toBeVisible();
}

async function restart(page: Page, host: Host): Promise<void> {
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await host.kill();
  await host.start();
  await page.reload();
}

for (const { title, table, asStored } of [
  { title: GRIPTAPE, table: 'griptape', asStored: 'runs' },
  { title: CONVERSATION, table: 'mem0-conversations', asStored: 'messages' },
]) {
  test(`${title}: dropped, connected, tested, talked with, and read as it is stored, also after a restart`, async ({ page, host, watch }) => {
    await page.goto('/');
    await emptyFlow(page);
    await drop(page, 'Echo Model', { x: 200, y: 80 });
    await drop(page, 'Conversation Chain', { x: 600, y: 160 });
    const settings = await place(page, title, { x: 200, y: 330 }, table);
    await page.getByRole('button', { name: 'Fit everything' }).click();
    await wire(page, title, 'Conversation Chain', 'memory');
    await wire(page, 'Echo Model', 'Conversation Chain', 'model');
    if (title === GRIPTAPE) await wire(page, 'Echo Model', title, 'model');
    await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);
    await select(page, title);
    await examine(settings);

    await openChat(page);
    await say(page, 'My name is Ada.');
    await say(page, 'What is my name?');
    // The model repeats what memory gave it.
    await expect(conversation(page).getByRole('article').last()).toContainText('My name is Ada.');
    await expect(conversation(page).getByRole('article').last()).toContainText('Loaded 2 messages');

    await settings.getByRole('tab', { name: 'Memory' }).click();
    await expect(settings).toContainText('4 messages in 2 turns');
    await expect(settings.getByRole('feed').getByRole('article').first()).toContainText('My name is Ada.');
    await settings.getByRole('button', { name: 'As stored' }).click();
    const row = settings.getByRole('article', { name: /^Row/u });
    await expect(row).toHaveCount(1);
    await expect(row).toContainText(asStored);
    await expect(row.getByRole('meter')).toHaveAttribute('aria-valuetext', /of 400 KB$/u);

    watch.allowFailures(/\/api\//u);
    await restart(page, host);
    await expect(conversation(page).getByRole('article')).toHaveCount(2);
    await say(page, 'And now?');
    await expect(conversation(page).getByRole('article').last()).toContainText('Loaded 4 messages');
    await select(page, title);
    await inspector(page).getByRole('tab', { name: 'Memory' }).click();
    await expect(inspector(page)).toContainText('6 messages in 3 turns');
  });
}

test(`${GRAPH} and ${HISTORY}: an agent keeps a fact, finds it in another session, and its history tells how it came`, async ({ page, model }) => {
  await page.goto('/');
  await emptyFlow(page);
  await drop(page, 'Chat Model', { x: 60, y: 40 });
  const ofModel = await select(page, 'Chat Model');
  await ofModel.getByLabel('Model', { exact: true }).fill('m');
  await ofModel.getByText('Advanced').first().click();
  await ofModel.getByLabel('Base URL', { exact: true }).fill(`http://${model.endpoint}/v1/`);
  await drop(page, 'Tool Agent', { x: 460, y: 60 });
  await place(page, GRAPH, { x: 460, y: 420 }, 'facts');
  const settings = await place(page, HISTORY, { x: 60, y: 420 }, 'history');
  await page.getByRole('button', { name: 'Fit everything' }).click();
  await wire(page, 'Chat Model', 'Tool Agent', 'model');
  await wire(page, GRAPH, 'Tool Agent', 'graph');
  await wire(page, HISTORY, GRAPH, 'history');
  await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(4);
  await select(page, HISTORY);
  await examine(settings);
  await select(page, GRAPH);
  await inspector(page).getByRole('tab', { name: 'Settings' }).click();
  await examine(inspector(page));

  await openChat(page);
  const ask = async (text: string) => {
    const before = model.asked();
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.keyboard.press('Enter');
    await expect.poll(model.asked).toBe(before + 1);
  };
  const answer = async (text: string) => {
    model.say(text);
    model.end();
    await expect(conversation(page)).toContainText(text);
    await expect(page.getByRole('button', { name: 'Stop' })).toHaveCount(0);
  };
  await ask('Remember that my sister Emma likes dinosaurs.');
  await expect.poll(model.heard).toContain('"remember"');
  model.call('remember', { name: 'Emma', content: 'Emma likes dinosaurs.' });
  await expect.poll(model.asked).toBe(2);
  await answer('I keep that in mind.');
  await expect(conversation(page).locator('.tool-use')).toContainText('remember');
  await expect(conversation(page).locator('.tool-use')).not.toContainText('failed');

  await page.getByRole('button', { name: 'New session' }).click();
  await ask('What could I give to Emma?');
  await expect.poll(model.heard).toContain('Emma likes dinosaurs.');
  await answer('A dinosaur.');
  await expect(conversation(page)).toContainText('Found 1 fact');

  await inspector(page).getByRole('tab', { name: 'Memory' }).click();
  // Names are kept in one form, so that one thing has one fact.
  const facts = page.locator('.graph-drawing .react-flow__node');
  await expect(facts).toHaveCount(1);
  await facts.click();
  await expect(page.getByRole('region', { name: 'Fact emma' })).toContainText('Emma likes dinosaurs.');

  await select(page, HISTORY);
  await inspector(page).getByRole('tab', { name: 'Memory' }).click();
  await inspector(page).getByLabel('Id of a memory').fill('emma');
  await page.keyboard.press('Enter');
  const records = inspector(page).getByRole('list', { name: 'History of emma, oldest first' }).getByRole('listitem');
  await expect(records).toHaveCount(1);
  await expect(records).toContainText('Added');
  await expect(records).toContainText('Emma likes dinosaurs.');
});

test('a table of another shape is refused by each, with what it has and what it needs', async ({ page, host, watch }) => {
  watch.allowFailures(/\/(nodes\/health|memory\/\w+|history\/\w+|graph\/\w+)$/u);
  // A table as the DynamoDB Chat Memory makes it.
  const node = (id: string, type: string, y: number, inputs: object) => ({ id, type, version: 1, position: { x: 0, y }, inputs });
  const of = { tableName: 'taken', endpoint: 'builtin' };
  const nodes = [
    node('chats', 'DynamoDBChatMemory', 0, { ...of, partitionKey: 'session', sortKey: 'turn' }),
    node('griptape', 'griptapeDynamoDBConversationMemory', 200, of),
    node('conversation', 'mem0DynamoDBConversationMemory', 400, of),
    node('history', 'mem0DynamoDBHistoryStore', 600, of),
    node('graph', 'mem0DynamoDBGraphMemory', 800, of),
  ];
  const { id: flow } = await host.api<{ id: string }>('/flows', { flow: { format: 1, name: 'Taken', nodes, edges: [] } });
  await host.api('/memory/append', { memory: { flow, node: 'chats' }, session: 's', turn: { messages: [{ role: 'user', content: 'Hello' }] } });
  await page.goto(`/#/flows/${flow}`);
  await expect(status(page, 'DynamoDB Chat Memory')).toHaveText('Ready');
  for (const title of [GRIPTAPE, CONVERSATION, HISTORY, GRAPH]) {
    await expect(status(page, title)).toHaveAttribute('data-status', 'error');
    const settings = await select(page, title);
    await settings.getByRole('tab', { name: 'Settings' }).click();
    await expect(settings.getByRole('alert').first()).toContainText('taken');
    await expect(settings.getByRole('alert').first()).toContainText(/session|turn/u);
  }
});
