import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { fromMenu, inspector, select } from './canvas';
import { expect, test } from './test';

const EXPORT = new URL('../../tests/fixtures/flowise/flowise-export-chatflow.json', import.meta.url);

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious, ${colorScheme}`, async ({ page, watch }) => {
    watch.allowFailures(/\/(nodes\/health|nodes\/options|credentials\/test)$/u);
    await page.emulateMedia({ colorScheme });
    await page.goto('/');
    await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);
    await look(page, 'first run');

    await select(page, 'DynamoDB Chat Memory');
    await inspector(page).getByRole('button', { name: 'Diagnose' }).click();
    await expect(inspector(page).getByRole('heading', { name: 'Diagnosis' })).toBeVisible();
    await look(page, 'settings');

    await page.keyboard.press('c');
    await page.getByLabel('Message', { exact: true }).fill('Hello');
    await page.keyboard.press('Enter');
    await expect(page.getByText('Stored the turn')).toBeVisible();
    await inspector(page).getByRole('tab', { name: 'Memory' }).click();
    await expect(inspector(page)).toContainText('Hello');
    await look(page, 'chat and memory');

    await fromMenu(page, 'Credentials');
    await page.getByRole('button', { name: 'New credential' }).click();
    await page.getByRole('button', { name: 'Test and save' }).click();
    await look(page, 'credential');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');

    await fromMenu(page, 'All flows');
    await page.getByRole('button', { name: 'Delete DynamoDB' }).click();
    await look(page, 'flows');
    await page.keyboard.press('Escape');

    await fromMenu(page, 'Import');
    await page.getByLabel('File to import').setInputFiles(EXPORT.pathname);
    await expect(page.getByRole('dialog', { name: 'Import report' })).toBeVisible();
    await look(page, 'import report');
  });
}

async function look(page: Page, at: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const told = serious.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
  expect.soft(told, at).toEqual([]);
}
