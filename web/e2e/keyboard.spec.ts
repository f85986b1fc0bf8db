import type { Locator, Page } from '@playwright/test';
import { card, inspector } from './canvas';
import { expect, test } from './test';

const STEPS_MAX = 80;

test('a flow is made, filled in, connected and used by keyboard alone', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByLabel('Name of the flow')).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: 'Flows', exact: true }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'New flow' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Empty canvas' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Start with a node' })).toBeVisible();

  for (const title of ['Echo Model', 'Conversation Chain', 'DynamoDB Chat Memory']) {
    await page.keyboard.press('n');
    await expect(page.getByRole('combobox')).toBeFocused();
    await page.keyboard.type(title);
    await page.keyboard.press('Enter');
    await expect(card(page, title)).toBeFocused();
  }

  await page.keyboard.press('Enter');
  await type(page, 'Table name', 'chats');
  await type(page, 'Partition key', 'session');
  await tabTo(page, inspector(page).locator('summary', { hasText: 'Advanced' }));
  await page.keyboard.press('Enter');
  await tabTo(page, inspector(page).getByLabel('Create the table'));
  await page.keyboard.press('Space');
  await type(page, 'Endpoint', 'builtin');
  await page.keyboard.press('Escape');
  await expect(card(page, 'DynamoDB Chat Memory')).toBeFocused();

  await connectToChain(page);
  await tabTo(page, card(page, 'Echo Model'), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await connectToChain(page);
  await expect(page.locator('.react-flow__edge')).toHaveCount(2);
  await page.keyboard.press('F2');
  await page.keyboard.type('Parrot');
  await page.keyboard.press('Enter');
  await expect(card(page, 'Parrot')).toBeVisible();
  await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);

  await page.keyboard.press('c');
  await tabTo(page, page.getByLabel('Message', { exact: true }));
  await page.keyboard.type('Typed without a mouse.');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('log', { name: 'Conversation' })).toContainText('Typed without a mouse.');
  await expect(page.getByText('Stored the turn')).toBeVisible();

  await tabTo(page, card(page, 'DynamoDB Chat Memory'));
  await page.keyboard.press('Enter');
  await tabTo(page, inspector(page).getByRole('tab', { name: 'Settings' }));
  await page.keyboard.press('ArrowRight');
  await expect(inspector(page)).toContainText('Typed without a mouse.');
});

/** Moves the focus as a person without a pointer does. */
async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  const isThere = () => target.evaluate((element) => element === document.activeElement);
  for (let step = 0; step < STEPS_MAX; step++) {
    if (await isThere()) return;
    await page.keyboard.press(key);
  }
  expect(await isThere(), `${key} reaches ${target}`).toBe(true);
}

async function type(page: Page, field: string, text: string): Promise<void> {
  await tabTo(page, inspector(page).getByLabel(field, { exact: true }));
  await page.keyboard.type(text);
}

async function connectToChain(page: Page): Promise<void> {
  await page.keyboard.press('l');
  await expect(page.getByRole('combobox', { name: 'Connect to' })).toBeFocused();
  await page.keyboard.type('Conversation');
  await page.keyboard.press('Enter');
}
