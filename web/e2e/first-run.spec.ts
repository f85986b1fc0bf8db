import { card, emptyFlow, inspector } from './canvas';
import { expect, test } from './test';

test('the first run: three steps, a message, and what is kept of it', async ({ page, host }) => {
  await page.goto('/');
  const steps = page.getByRole('region', { name: 'First steps' });
  await expect(steps).toBeVisible();
  await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);

  await steps.getByRole('button', { name: 'Show the memory' }).click();
  await expect(inspector(page).getByLabel('Table name', { exact: true })).toHaveValue('canvas-memory');
  await steps.getByRole('button', { name: 'Open the chat' }).click();
  await page.getByLabel('Message', { exact: true }).fill('My name is Ada.');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('log', { name: 'Conversation' })).toContainText('My name is Ada.');
  await expect(page.getByText('Stored the turn')).toBeVisible();
  await steps.getByRole('button', { name: 'Open the Memory tab' }).click();
  await expect(inspector(page)).toContainText('My name is Ada.');
  await expect(steps.getByRole('heading', { name: 'That is all there is to it' })).toBeVisible();

  await steps.getByRole('button', { name: 'Dismiss the first steps' }).click();
  await expect(steps).toBeHidden();
  await page.reload();
  await expect(card(page, 'Echo Model')).toBeVisible();
  await expect(steps).toBeHidden();

  await host.kill();
  await host.start();
  await page.reload();
  await card(page, 'DynamoDB Chat Memory').locator('.card-name').click();
  await inspector(page).getByRole('tab', { name: 'Memory' }).click();
  await inspector(page).getByRole('option').click();
  await expect(inspector(page)).toContainText('My name is Ada.');
});

test('an empty canvas says how to begin, and takes a template', async ({ page }) => {
  await page.goto('/');
  await emptyFlow(page);
  await page.getByRole('button', { name: 'Upstash Redis on this machine' }).click();
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);
  await page.keyboard.press('ControlOrMeta+z');
  await expect(page.getByRole('heading', { name: 'Start with a node' })).toBeVisible();
});
