import type { Page } from '@playwright/test';
import { card, emptyFlow, select } from './canvas';
import { expect, test } from './test';

test('twenty edits of many kinds are undone one by one, and done again', async ({ page, host }) => {
  await page.goto('/');
  await emptyFlow(page);
  const id = decodeURIComponent(new URL(page.url()).hash.replace('#/flows/', ''));
  const saved = async () => {
    await page.keyboard.press('ControlOrMeta+s');
    await expect(page.getByText('Saved', { exact: true })).toBeVisible();
    const { flow } = await host.api<{ flow: Record<string, unknown> }>(`/flows/${id}`);
    return { ...flow, viewport: undefined };
  };
  const before = await saved();

  const edits: (() => Promise<void>)[] = [
    () => add(page, 'Echo Model'),
    () => add(page, 'Conversation Chain'),
    () => add(page, 'DynamoDB Chat Memory'),
    async () => (await select(page, 'DynamoDB Chat Memory')).getByLabel('Table name', { exact: true }).fill('chats'),
    async () => (await select(page, 'DynamoDB Chat Memory')).getByLabel('Partition key', { exact: true }).fill('session'),
    async () => {
      const settings = await select(page, 'DynamoDB Chat Memory');
      await settings.getByText('Advanced').click();
      await settings.getByLabel('Endpoint', { exact: true }).fill('builtin');
    },
    async () => (await select(page, 'DynamoDB Chat Memory')).getByLabel('Create the table').check(),
    () => connect(page, 'DynamoDB Chat Memory'),
    () => connect(page, 'Echo Model'),
    () => rename(page, 'Echo Model', 'Parrot'),
    () => key(page, 'Parrot', 'ArrowRight'),
    () => key(page, 'Conversation Chain', 'ArrowDown'),
    () => page.getByRole('button', { name: /^Tidy/u }).click(),
    () => key(page, 'Parrot', 'ControlOrMeta+d'),
    () => page.keyboard.press('Delete'),
    () => page.getByLabel('Name of the flow').fill('Edited'),
    () => add(page, 'Calculator'),
    () => rename(page, 'Calculator', 'Sums'),
    () => key(page, 'Sums', 'ControlOrMeta+d'),
    () => key(page, 'Conversation Chain', 'Delete'),
  ];
  const undo = page.getByRole('button', { name: /^Undo/u });
  for (const [at, edit] of edits.entries()) {
    await edit();
    await expect(undo, `edit ${at + 1} can be undone`).toBeEnabled();
  }
  const after = await saved();

  for (const _ of edits) await undo.click();
  await expect(undo).toBeDisabled();
  expect(await saved()).toEqual(before);

  for (const _ of edits) await page.getByRole('button', { name: /^Redo/u }).click();
  expect(await saved()).toEqual(after);
});

async function add(page: Page, title: string): Promise<void> {
  await page.getByRole('complementary', { name: 'Nodes' }).getByText(title, { exact: true }).click();
  await expect(card(page, title)).toBeVisible();
}

async function key(page: Page, name: string, keys: string): Promise<void> {
  await card(page, name).locator('.card-name').first().click();
  await card(page, name).first().focus();
  await page.keyboard.press(keys);
}

async function rename(page: Page, from: string, to: string): Promise<void> {
  await key(page, from, 'F2');
  await page.locator('.card-name-input').fill(to);
  await page.keyboard.press('Enter');
  await expect(card(page, to)).toBeVisible();
}

/** To the one that its port fits. */
async function connect(page: Page, name: string): Promise<void> {
  await key(page, name, 'l');
  await page.getByRole('option', { name: /Conversation Chain/u, disabled: false }).click();
}
