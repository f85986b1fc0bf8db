import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { card, fromMenu } from './canvas';
import type { Host } from './host';
import { expect, test } from './test';

const list = (page: Page) => page.getByRole('dialog', { name: 'Flows' });
const row = (page: Page, name: string) => list(page).getByRole('listitem').filter({ has: page.getByRole('button', { name, exact: true }) });
const flowName = (page: Page) => page.locator('.flow-name').getByLabel('Name of the flow');

async function saved(host: Host): Promise<string[]> {
  const { flows } = await host.api<{ flows: { name: string }[] }>('/flows');
  return flows.map(({ name }) => name).sort();
}

test('flows are made, found, opened, renamed, copied and deleted, and the newest are at hand', async ({ page, host }) => {
  await page.goto('/');
  await expect(card(page, 'Echo Model')).toBeVisible();
  await fromMenu(page, 'New flow');
  await page.getByRole('button', { name: 'Upstash Redis on this machine' }).click();
  await expect(card(page, 'Upstash')).toBeVisible();
  expect(await saved(host)).toEqual(['DynamoDB on this machine', 'Upstash Redis on this machine']);

  await fromMenu(page, 'All flows');
  await expect(row(page, 'Upstash Redis on this machine')).toContainText('Open now');
  await list(page).getByRole('button', { name: 'Rename DynamoDB on this machine' }).click();
  const field = list(page).getByLabel('Name of the flow');
  await field.fill('Not this');
  await page.keyboard.press('Escape');
  await expect(row(page, 'DynamoDB on this machine')).toBeVisible();
  await list(page).getByRole('button', { name: 'Rename DynamoDB on this machine' }).click();
  await field.fill('Support desk');
  await page.keyboard.press('Enter');
  await expect(row(page, 'Support desk')).toBeVisible();
  expect(await saved(host)).toEqual(['Support desk', 'Upstash Redis on this machine']);

  await list(page).getByRole('button', { name: 'Duplicate Support desk' }).click();
  await expect(row(page, 'Support desk copy')).toContainText('Open now');
  expect(await saved(host)).toEqual(['Support desk', 'Support desk copy', 'Upstash Redis on this machine']);
  await list(page).getByLabel('Search flows').fill('COPY desk');
  await expect(list(page).getByRole('listitem')).toHaveCount(1);
  await list(page).getByLabel('Search flows').fill('nothing like it');
  await expect(list(page).getByText('No flow is called so.')).toBeVisible();
  await list(page).getByLabel('Search flows').fill('');

  // Deleting asks first, and what is open makes way for another.
  await list(page).getByRole('button', { name: 'Delete Support desk copy' }).click();
  await expect(list(page).getByRole('alert')).toContainText('What its memories keep stays in their stores.');
  await list(page).getByRole('button', { name: 'Keep it' }).click();
  expect(await saved(host)).toHaveLength(3);
  await list(page).getByRole('button', { name: 'Delete Support desk copy' }).click();
  await list(page).getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(row(page, 'Support desk copy')).toHaveCount(0);
  expect(await saved(host)).toEqual(['Support desk', 'Upstash Redis on this machine']);
  await row(page, 'Support desk').getByRole('button', { name: 'Support desk', exact: true }).click();
  await expect(list(page)).toHaveCount(0);
  await expect(flowName(page)).toHaveValue('Support desk');
  await expect(card(page, 'DynamoDB Chat Memory')).toBeVisible();

  await page.getByRole('button', { name: 'Flows', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Upstash Redis on this machine' }).click();
  await expect(flowName(page)).toHaveValue('Upstash Redis on this machine');
  await page.goBack();
  await expect(flowName(page)).toHaveValue('Support desk');

  // The last one makes way for an empty one.
  await fromMenu(page, 'All flows');
  for (const name of ['Support desk', 'Upstash Redis on this machine']) {
    await list(page).getByRole('button', { name: `Delete ${name}` }).click();
    await list(page).getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(row(page, name)).toHaveCount(0);
  }
  await expect(row(page, 'Untitled flow')).toContainText('Open now');
  expect(await saved(host)).toEqual(['Untitled flow']);
});

test('a flow file that can’t be read is shown as such, and nothing else suffers', async ({ page, host }) => {
  await writeFile(join(host.dataDir, 'flows', 'broken.json'), '{"format": 1, "nodes": [');
  await page.goto('/');
  await expect(card(page, 'Echo Model')).toBeVisible();
  await fromMenu(page, 'All flows');
  const broken = list(page).getByRole('listitem').filter({ hasText: 'broken' });
  await expect(broken.locator('.row-problem')).toContainText(/json/iu);
  await broken.getByRole('button', { name: 'Delete broken' }).click();
  await expect(broken.getByRole('alert')).toContainText('It can’t be brought back.');
  await broken.getByRole('button', { name: 'Keep it' }).click();
  await expect(row(page, 'DynamoDB on this machine')).toBeVisible();
});
