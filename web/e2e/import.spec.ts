import { readFile } from 'node:fs/promises';
import { card, fromMenu } from './canvas';
import { expect, test } from './test';

const EXPORT = new URL('../../tests/fixtures/flowise/flowise-export-chatflow.json', import.meta.url);
const REFUSED = /\/(flows\/import|nodes\/health)$/u;

test('a Flowise export becomes a flow, and the report leads through what is left', async ({ page, watch }) => {
  watch.allowFailures(REFUSED);
  await page.goto('/');
  await fromMenu(page, 'Import');
  await page.getByLabel('File to import').setInputFiles(EXPORT.pathname);
  const report = page.getByRole('dialog', { name: 'Import report' });
  await expect(report).toContainText('came from a Flowise export');
  await report.getByText('changed on the way').click();
  await expect(report).toContainText('empty text → left out');

  await report.getByRole('listitem').filter({ hasText: 'AWS credential' }).getByRole('button', { name: 'Connect' }).click();
  const dialog = page.getByRole('dialog', { name: 'New AWS credential' });
  await dialog.getByLabel('Access key ID').fill('AKIAEXAMPLE');
  await dialog.getByLabel('Secret access key').fill('not-a-key-of-anybody');
  watch.keepSecret('not-a-key-of-anybody');
  watch.allowFailures(/\/(credentials\/test|nodes\/options)$/u);
  await dialog.getByRole('button', { name: 'Test and save' }).click();
  await dialog.getByRole('button', { name: 'Save anyway' }).click();
  await expect(report.getByText('Connected')).toBeVisible();
  await report.getByRole('button', { name: 'Go to the flow' }).click();
  await expect(card(page, 'DynamoDB Chat Memory').getByRole('button', { name: 'AWS' })).toBeVisible();

  // An export of it names no credential, and comes back as it is.
  const download = page.waitForEvent('download');
  await fromMenu(page, 'Export');
  const exported = await readFile(await (await download).path(), 'utf8');
  expect(JSON.parse(exported)).toMatchObject({ format: 1 });
  expect(exported).not.toMatch(/"credential"|not-a-key-of-anybody/u);
  await page.locator('.react-flow__pane').click({ position: { x: 20, y: 20 } });
  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    document.querySelector('.canvas')?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, exported);
  await expect(report).toContainText('came from an export of this canvas');
});

test('a file that is dragged onto the window is imported', async ({ page, watch }) => {
  watch.allowFailures(REFUSED);
  await page.goto('/');
  await expect(card(page, 'Echo Model')).toBeVisible();
  const text = await readFile(EXPORT, 'utf8');
  const transfer = await page.evaluateHandle((json) => {
    const data = new DataTransfer();
    data.items.add(new File([json], 'flow.json', { type: 'application/json' }));
    return data;
  }, text);
  await page.dispatchEvent('.canvas', 'dragover', { dataTransfer: transfer });
  await expect(page.getByText('Drop to import the flow')).toBeVisible();
  await page.dispatchEvent('.canvas', 'drop', { dataTransfer: transfer });
  await expect(page.getByRole('dialog', { name: 'Import report' })).toBeVisible();
});

test('what is not a flow is refused, and nothing is lost', async ({ page, watch }) => {
  watch.allowFailures(REFUSED);
  await page.goto('/');
  await page.getByLabel('Name of the flow').fill('Still here');
  await fromMenu(page, 'Import');
  const dialog = page.getByRole('dialog', { name: 'Import a flow' });
  const give = (text: string) => page.getByLabel('File to import').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from(text) });

  await give('A shopping list');
  await expect(dialog.getByRole('alert')).toContainText('not JSON');
  await give('{"list": []}');
  await expect(dialog.getByRole('alert')).toContainText('has no nodes');
  await give('{"format": 99, "name": "", "nodes": [], "edges": []}');
  await expect(dialog.getByRole('alert')).toContainText('newer program');
  await give(JSON.stringify({ list: 'x'.repeat(20 * 1024 * 1024) }));
  await expect(dialog.getByRole('alert')).toContainText('has no nodes');
  await give('x'.repeat(26 * 1024 * 1024));
  await expect(dialog.getByRole('alert')).toContainText('At most 25 MB');

  await page.keyboard.press('Escape');
  await expect(page.getByLabel('Name of the flow')).toHaveValue('Still here');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
});
