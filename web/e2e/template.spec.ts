import { card, fromMenu, inspector, select } from './canvas';
import { startEngine, type Engine } from './engine';
import { startModel, type Model } from './model';
import { expect, test as base } from './test';

const test = base.extend<{ model: Model; dynamodb: Engine }>({
  model: async ({}, use) => {
    const model = await startModel(['a-model']);
    await use(model);
    await model.close();
  },
  dynamodb: async ({}, use) => {
    const engine = await startEngine('dynamodb');
    await use(engine);
    await engine.stop();
  },
  // Both stand for services elsewhere.
  hostArgs: ['--allow-endpoint', '127.0.0.1'],
});

test('the template for OpenAI and AWS says what it lacks, and talks once it has it', async ({ page, watch, model, dynamodb }) => {
  watch.allowFailures(/\/(nodes\/health|nodes\/options|credentials\/test|memory\/\w+)$/u);
  watch.keepSecret(dynamodb.credential['secretAccessKey'] ?? '');
  watch.keepSecret('sk-not-a-key-of-anybody');
  await page.goto('/');
  await fromMenu(page, 'New flow');
  await page.getByRole('button', { name: 'OpenAI-compatible model and DynamoDB on AWS' }).click();
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  const memory = card(page, 'DynamoDB Chat Memory');
  await expect(memory.locator('.card-status')).toHaveText('Choose the AWS credential');
  await expect(memory.getByRole('button', { name: 'No AWS credential' })).toBeVisible();
  await expect(card(page, 'Conversation Chain').locator('.card-status')).toContainText('Waits for');
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  const chat = page.getByRole('region', { name: 'Chat', exact: true });
  await expect(chat.getByText('This flow can’t run yet')).toBeVisible();
  await expect(chat).not.toContainText('Connect a memory node');
  await expect(chat.getByRole('listitem')).toContainText('DynamoDB Chat Memory');
  await expect(page.getByLabel('Message', { exact: true })).toHaveCount(0);

  // The model: an address of one's own, and a key that may go nowhere else.
  const ofModel = await select(page, 'Chat Model');
  await ofModel.getByText('Advanced').click();
  await ofModel.getByLabel('Base URL', { exact: true }).fill(`http://${model.endpoint}/v1/`);
  await ofModel.getByLabel('Model', { exact: true }).fill('a-model');
  await ofModel.getByRole('button', { name: 'New API key' }).click();
  const key = page.getByRole('dialog', { name: 'New Chat model key credential' });
  await key.getByLabel('API key').fill('sk-not-a-key-of-anybody');
  await key.getByLabel('Host').fill('127.0.0.1');
  await key.getByRole('button', { name: 'Test and save' }).click();
  await expect(key).toBeHidden();
  await expect(card(page, 'Chat Model').locator('.card-status')).toHaveText('Ready');

  // The memory: an account, and where it is.
  const ofMemory = await select(page, 'DynamoDB Chat Memory');
  await ofMemory.getByText('Advanced').click();
  await ofMemory.getByLabel('Endpoint', { exact: true }).fill(dynamodb.address);
  await memory.getByRole('button', { name: 'No AWS credential' }).click();
  const account = page.getByRole('dialog', { name: 'New AWS credential' });
  await account.getByLabel('Access key ID').fill(dynamodb.credential['accessKey'] ?? '');
  await account.getByLabel('Secret access key').fill(dynamodb.credential['secretAccessKey'] ?? '');
  await account.getByRole('button', { name: 'Test and save' }).click();
  await expect(account).toBeHidden();
  await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);

  await page.getByLabel('Message', { exact: true }).fill('Is anybody there?');
  await page.keyboard.press('Enter');
  await expect.poll(model.asked).toBe(1);
  model.say('Yes, at an address of your own.');
  model.end();
  await expect(page.getByText('Stored the turn')).toBeVisible();
  await inspector(page).getByRole('tab', { name: 'Memory' }).click();
  await expect(inspector(page)).toContainText('Yes, at an address of your own.');
  await inspector(page).getByRole('button', { name: 'As stored' }).click();
  await expect(inspector(page).getByRole('article', { name: /^Row/u }).first()).toBeVisible();
});
