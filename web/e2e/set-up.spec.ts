import { card, drop, emptyFlow, select } from './canvas';
import { startEngine } from './engine';
import { expect, test } from './test';

// The engine stands for a service elsewhere; as it is on this machine, the operator has to allow it.
test.use({ hostArgs: ['--allow-endpoint', '127.0.0.1'] });

test('a table that is not there is created from the node, which is then ready', async ({ page, host, watch }) => {
  watch.allowFailures(/\/(nodes\/health|nodes\/options|nodes\/setup)$/u);
  const engine = await startEngine('dynamodb');
  try {
    await host.api('/credentials', { name: 'Elsewhere', type: 'dynamodbMemoryApi', fields: engine.credential });
    await page.goto('/');
    await emptyFlow(page);
    await drop(page, 'DynamoDB Chat Memory', { x: 300, y: 200 });
    const settings = await select(page, 'DynamoDB Chat Memory');
    await settings.getByLabel('Table name', { exact: true }).fill('chats');
    await settings.getByLabel('Partition key', { exact: true }).fill('session');
    await settings.getByText('Advanced').first().click();
    await settings.getByLabel('Sort key', { exact: true }).fill('turn');
    await settings.getByLabel('Endpoint', { exact: true }).fill(engine.address);
    await settings.getByLabel('AWS credential', { exact: true }).selectOption('Elsewhere');
    const status = card(page, 'DynamoDB Chat Memory').locator('.card-status');
    await expect(status).toContainText('The table is not there');
    await settings.getByRole('button', { name: 'Create this table' }).click();
    await expect(page.getByText('Created chats.')).toBeVisible();
    await expect(status).toHaveText(/^Ready/u);
    await expect(settings.getByRole('button', { name: 'Create this table' })).toHaveCount(0);
  } finally {
    await engine.stop();
  }
});
