import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { Host } from './host';
import { expect, test as base } from './test';

const TOKEN = 'a-token-that-is-hard-to-guess';

/** A host that others can reach. */
const test = base.extend({
  host: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'canvas-memory-token-'));
    const file = join(directory, 'token');
    await writeFile(file, `${TOKEN}\n`);
    const host = await Host.start(['--token-file', file], { listen: '0.0.0.0:0' });
    await use(host);
    await host.remove();
    await rm(directory, { recursive: true });
  },
});

const dialog = (page: Page) => page.getByRole('dialog', { name: 'This host needs its token' });
const show = async (page: Page, token: string) => {
  await dialog(page).getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
};

test('asks for the token of the host and goes on', async ({ page, host, watch, context }) => {
  watch.allowFailures(/\/api\//u);
  watch.keepSecret(TOKEN);
  await page.goto('/');
  await expect(dialog(page).getByLabel('Token')).toBeFocused();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await show(page, 'another one');
  await expect(dialog(page).getByRole('alert')).toContainText('not the host’s token');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await show(page, ` ${TOKEN} `);
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.locator('.card').first()).toBeVisible();
  const [cookie] = await context.cookies(`${host.url}/api/v1/flows`);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/api' });
  expect(cookie?.value).not.toContain(TOKEN);

  // Events come by a way that can't bear a token.
  const events = page.waitForResponse(/\/events$/u);
  await page.keyboard.press('c');
  await page.getByLabel('Message', { exact: true }).fill('Hello');
  await page.keyboard.press('Enter');
  expect((await events).status()).toBe(200);
  await expect(page.getByRole('log', { name: 'Conversation' }).getByRole('article')).toContainText('Hello');
  await expect(page.getByRole('button', { name: 'Stop' })).toHaveCount(0);
  await page.reload();
  await expect(page.locator('.card').first()).toBeVisible();
  await expect(dialog(page)).toHaveCount(0);
});

test('keeps what was typed when the host comes back and wants its token again', async ({ page, host, watch }) => {
  watch.allowFailures(/\/api\//u);
  await page.goto('/');
  await show(page, TOKEN);
  const name = page.getByLabel('Name of the flow');
  await expect(name).toBeVisible();
  await host.kill();
  await name.fill('Written while the host was gone');
  await host.start();
  await show(page, TOKEN);
  await expect(dialog(page)).toHaveCount(0);
  await expect(name).toHaveValue('Written while the host was gone');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await page.reload();
  await expect(name).toHaveValue('Written while the host was gone');
});

test('a browser that was let in can be logged out, and keeps nothing of the talk', async ({ page, watch }) => {
  watch.allowFailures(/\/api\//u);
  await page.goto('/');
  await show(page, TOKEN);
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  await page.getByLabel('Message', { exact: true }).fill('half a thought');
  await page.getByRole('button', { name: 'Flows', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await expect(dialog(page)).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('half a thought');
  await page.reload();
  await expect(dialog(page)).toBeVisible();
  await show(page, TOKEN);
  await expect(page.locator('.card').first()).toBeVisible();
});
