import type { Locator, Page } from '@playwright/test';
import { card, drop, emptyFlow, fromMenu, inspector, select } from './canvas';
import { startEngine, type Engine } from './engine';
import { expect, test as base } from './test';

const test = base.extend<{ dynamodb: Engine; upstash: Engine }>({
  dynamodb: async ({}, use) => {
    const engine = await startEngine('dynamodb');
    await use(engine);
    await engine.stop();
  },
  upstash: async ({}, use) => {
    const engine = await startEngine('upstash');
    await use(engine);
    await engine.stop();
  },
});

// The engines stand for services elsewhere; as they are on this machine, the operator has to allow them.
test.use({ hostArgs: ['--allow-endpoint', '127.0.0.1'] });

const REFUSED = /\/(credentials\/test|nodes\/health|nodes\/options|memory\/\w+)$/u;

test('a DynamoDB memory is dropped, connected and tested; what is wrong is told', async ({ page, host, watch, dynamodb }) => {
  watch.allowFailures(REFUSED);
  const { accessKey = '', secretAccessKey = '' } = dynamodb.credential;
  watch.keepSecret(secretAccessKey);
  await page.goto('/');
  await emptyFlow(page);
  await drop(page, 'DynamoDB Chat Memory', { x: 300, y: 200 });
  const memory = card(page, 'DynamoDB Chat Memory');
  const settings = await select(page, 'DynamoDB Chat Memory');
  await expect(memory.locator('.card-status')).toContainText('Fill in Table name');
  await settings.getByLabel('Table name', { exact: true }).fill('chats');
  await settings.getByLabel('Partition key', { exact: true }).fill('session');
  await settings.getByText('Advanced').click();
  await settings.getByLabel('Sort key', { exact: true }).fill('turn');
  await settings.getByLabel('Endpoint', { exact: true }).fill(dynamodb.address);
  await expect(memory.locator('.card-status')).toContainText('Choose the AWS credential');

  await memory.getByRole('button', { name: 'No AWS credential' }).click();
  const dialog = page.getByRole('dialog', { name: 'New AWS credential' });
  await dialog.getByLabel('Access key ID').fill('AKIDOESNOTEXIST');
  await dialog.getByLabel('Secret access key').fill('not-the-secret');
  await dialog.getByRole('button', { name: 'Test and save' }).click();
  await expect(dialog.getByRole('alert')).toContainText(/credential|access key/iu);
  await expect(dialog.getByRole('button', { name: 'Save anyway' })).toBeVisible();

  await dialog.getByLabel('Access key ID').fill(accessKey);
  await dialog.getByLabel('Secret access key').fill(secretAccessKey);
  await dialog.getByRole('button', { name: 'Test', exact: true }).click();
  await expect(dialog.getByText('It works.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(memory.getByRole('button', { name: 'AWS' })).toBeVisible();

  // The table is not there.
  await expect(memory.locator('.card-status')).toContainText('The table is not there');
  await expect(settings.getByRole('alert')).toContainText('chats');
  await expect(settings.getByRole('alert')).toContainText(/create it/iu);
  await settings.getByRole('button', { name: 'Diagnose' }).click();
  await expect(settings.getByRole('heading', { name: 'Least policy that would do' })).toBeVisible();
  await settings.getByLabel('Create the table', { exact: true }).check();
  await expect(memory.locator('.card-status')).toHaveText('Ready');

  // The first turn makes the table.
  await host.api('/memory/append', {
    memory: { type: 'DynamoDBChatMemory', credential: await credentialId(host), inputs: { tableName: 'chats', partitionKey: 'session', sortKey: 'turn', endpoint: dynamodb.address, createTable: true } },
    session: 'one',
    turn: { messages: [{ role: 'user', content: 'Hello' }] },
  });
  await settings.getByLabel('Create the table').uncheck();
  await expect(memory.locator('.card-status')).toHaveText('Ready');

  // A region that is none has no DynamoDB.
  await settings.getByLabel('Endpoint', { exact: true }).fill('');
  await settings.getByLabel('Region', { exact: true }).fill('mars-north-1');
  await expect(settings.getByRole('alert')).toContainText('mars-north-1');
  await expect(settings.getByRole('alert')).toContainText('Check the region');
});

test('an Upstash memory is dropped, connected and tested; a wrong token is told', async ({ page, watch, upstash }) => {
  watch.allowFailures(REFUSED);
  const { upstashRestToken = '', host: only = '' } = upstash.credential;
  watch.keepSecret(upstashRestToken);
  await page.goto('/');
  await emptyFlow(page);
  await drop(page, 'Upstash Redis-Backed Chat Memory', { x: 300, y: 200 });
  const memory = card(page, 'Upstash Redis-Backed Chat Memory');
  const settings = await select(page, 'Upstash Redis-Backed Chat Memory');
  await settings.getByLabel('Base URL', { exact: true }).fill(upstash.address);
  await settings.getByRole('button', { name: 'New Upstash credential' }).click();
  const dialog = page.getByRole('dialog', { name: 'New Upstash Redis credential' });
  await dialog.getByLabel('REST token').fill('wrong-token');
  await dialog.getByLabel('Host').fill(only);
  await dialog.getByRole('button', { name: 'Test and save' }).click();
  await expect(dialog.getByRole('alert')).toContainText(/token/iu);

  await dialog.getByLabel('REST token').fill(upstashRestToken);
  await dialog.getByRole('button', { name: 'Test and save' }).click();
  await expect(dialog).toBeHidden();
  await expect(memory.locator('.card-status')).toHaveText('Ready');
});

test('what was typed survives a host that is gone', async ({ page, host, watch }) => {
  watch.allowFailures(/\/api\//u);
  await page.goto('/');
  const dialog = await newCredential(page, 'Upstash Redis');
  await dialog.getByLabel('Name').fill('Mine');
  await dialog.getByLabel('REST token').fill('typed-once');
  await host.kill();
  await dialog.getByRole('button', { name: 'Test and save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('What you typed stays here.');
  await page.keyboard.press('Escape');
  await dialog.getByRole('button', { name: 'Keep editing' }).click();
  await host.start();
  await dialog.getByRole('button', { name: 'Save anyway' }).click();
  await expect(dialog).toBeHidden();
  const { credentials } = await host.api<{ credentials: { credential: { name: string } }[] }>('/credentials');
  expect(credentials.map(({ credential }) => credential.name)).toEqual(['Mine']);
});

test('the list tells where a credential is used, and what deleting it breaks', async ({ page, host, watch }) => {
  // The refusal to delete what is used, and the address that nothing is at.
  watch.allowFailures(/\/(credentials\/[\w-]+|nodes\/health|nodes\/options)$/u);
  const { id } = await host.api<{ id: string }>('/credentials', { name: 'Team token', type: 'upstashRedisMemoryApi', fields: { upstashRestToken: 'kept-secret' } });
  watch.keepSecret('kept-secret');
  const node = { id: 'memory', type: 'upstashRedisBackedChatMemory', version: 1, position: { x: 0, y: 0 }, inputs: { baseURL: 'https://nowhere.upstash.io' }, credential: id };
  const flow = await host.api<{ id: string }>('/flows', { flow: { format: 1, name: 'Support', nodes: [node], edges: [] } });
  await page.goto(`/#/flows/${flow.id}`);
  await expect(card(page, 'Upstash')).toBeVisible();
  await fromMenu(page, 'Credentials');
  const list = page.getByRole('dialog', { name: 'Credentials' });
  await expect(list.getByRole('listitem')).toContainText('Support · Upstash Redis-Backed Chat Memory');

  await list.getByRole('button', { name: 'Edit Team token' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit Team token' });
  await expect(dialog.getByText('Saved')).toBeVisible();
  await dialog.getByLabel('Name').fill('Old token');
  await dialog.getByRole('button', { name: 'Test and save' }).click();
  await dialog.getByRole('button', { name: 'Save anyway' }).click();
  await expect(list.getByText('Old token')).toBeVisible();

  await list.getByRole('button', { name: 'Delete Old token' }).click();
  await expect(list.getByRole('alert')).toContainText('One node stops working');
  await list.getByRole('button', { name: 'Delete anyway' }).click();
  await expect(list.getByText('No credential is saved yet.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(card(page, 'Upstash').locator('.card-status')).toContainText(/credential/u);
  await select(page, 'Upstash');
  await expect(inspector(page)).toContainText('The credential is not here any more.');
});

async function newCredential(page: Page, type: string): Promise<Locator> {
  await fromMenu(page, 'Credentials');
  await page.getByRole('dialog', { name: 'Credentials' }).getByRole('button', { name: 'New credential' }).click();
  await page.getByLabel('Type').selectOption(type);
  return page.getByRole('dialog', { name: `New ${type} credential` });
}

async function credentialId(host: { api: <T>(path: string) => Promise<T> }): Promise<string | undefined> {
  const { credentials } = await host.api<{ credentials: { id: string }[] }>('/credentials');
  return credentials[0]?.id;
}
