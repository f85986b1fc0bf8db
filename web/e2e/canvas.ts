import { expect, type Locator, type Page } from '@playwright/test';

/** The card of a node, by what it is called. */
export function card(page: Page, name: string | RegExp): Locator {
  return page.locator('.react-flow__node').filter({ has: page.locator('.card-name', { hasText: name }) });
}

export function inspector(page: Page): Locator {
  return page.getByRole('complementary', { name: 'Inspector' });
}

/** Selects a card and shows its settings. */
export async function select(page: Page, name: string | RegExp): Promise<Locator> {
  await card(page, name).locator('.card-name').click();
  await expect(inspector(page)).toBeVisible();
  return inspector(page);
}

/** Drags a node from the palette onto the canvas. */
export async function drop(page: Page, title: string, at: { x: number; y: number }): Promise<void> {
  await page.getByRole('complementary', { name: 'Nodes' }).getByText(title, { exact: true }).dragTo(page.locator('.react-flow__pane'), { targetPosition: at });
  await expect(card(page, title)).toBeVisible();
}

export async function fromMenu(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: 'Flows', exact: true }).click();
  await page.getByRole('menuitem', { name: new RegExp(`^${item}…?$`, 'u') }).click();
}

/** A new flow with nothing in it. */
export async function emptyFlow(page: Page): Promise<void> {
  await fromMenu(page, 'New flow');
  await page.getByRole('button', { name: 'Empty canvas' }).click();
  await expect(page.getByRole('heading', { name: 'Start with a node' })).toBeVisible();
}
