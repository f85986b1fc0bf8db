import { card, fromMenu, select } from './canvas';
import { expect, test } from './test';

const EXPORT = new URL('../../tests/fixtures/flowise/flowise-export-chatflow.json', import.meta.url);

test('the report of an import can be opened again until nothing of it is left to do', async ({ page, watch }) => {
  watch.allowFailures(/\/(nodes\/health|nodes\/options|credentials\/test)$/u);
  await page.goto('/');
  await fromMenu(page, 'Import');
  await page.getByLabel('File to import').setInputFiles(EXPORT.pathname);
  const report = page.getByRole('dialog', { name: 'Import report' });
  await expect(report).toContainText('Connect again');
  await page.keyboard.press('Escape');
  await page.reload();
  await expect(card(page, 'DynamoDB Chat Memory')).toBeVisible();
  await fromMenu(page, 'Import report');
  await expect(report.getByRole('listitem').filter({ hasText: 'AWS credential' }).getByRole('button', { name: 'Connect' })).toBeVisible();
  await page.keyboard.press('Escape');

  // The node that needs something is gone: there is nothing left to do.
  await select(page, 'DynamoDB Chat Memory');
  await card(page, 'DynamoDB Chat Memory').press('Delete');
  await expect(card(page, 'DynamoDB Chat Memory')).toHaveCount(0);
  await page.getByRole('button', { name: 'Flows', exact: true }).click();
  await expect(page.getByRole('menuitem', { name: 'Import…' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Import report' })).toHaveCount(0);
});
