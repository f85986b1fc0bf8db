import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { card, inspector } from './canvas';
import { expect, test } from './test';

const steps = (page: Page) => page.getByRole('region', { name: 'First steps' });
const box = async (what: Locator) => {
  const found = await what.boundingBox();
  if (!found) throw new Error('it is not drawn');
  return found;
};
const meet = (a: Awaited<ReturnType<typeof box>>, b: typeof a) => a.x < b.x + b.width && a.x + a.width > b.x && a.y < b.y + b.height && a.y + a.height > b.y;

test.describe('on a laptop', () => {
  test.use({ viewport: { width: 1280, height: 720 } });

  test('the first steps cover no card, whatever opens beside the canvas', async ({ page }) => {
    await page.goto('/');
    await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);
    const covers = async () => {
      const over = await box(steps(page));
      const cards = await Promise.all((await page.locator('.react-flow__node').all()).map(box));
      return cards.filter((one) => meet(one, over)).length;
    };
    await expect.poll(covers).toBe(0);
    await steps(page).getByRole('button', { name: 'Show the memory' }).click();
    await expect(inspector(page)).toBeVisible();
    await expect.poll(covers).toBe(0);
    await steps(page).getByRole('button', { name: 'Open the chat' }).click();
    await expect.poll(covers).toBe(0);
    await inspector(page).getByRole('button', { name: 'Close the inspector' }).click();
    await expect.poll(covers).toBe(0);
    await steps(page).getByRole('button', { name: 'Make it small' }).click();
    await expect(steps(page).getByRole('list')).toHaveCount(0);
    await steps(page).getByRole('button', { name: 'Show all steps' }).click();
    await expect(steps(page).getByRole('listitem')).toHaveCount(3);
  });
});

test('the chat is open after a reload if it was open before, in its session', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  const session = page.getByRole('region', { name: 'Chat', exact: true }).locator('.chat-session-name code');
  const before = await session.textContent();
  await page.reload();
  await expect(session).toHaveText(before ?? '');
  await page.getByRole('button', { name: 'Hide chat' }).click();
  await page.reload();
  await expect(card(page, 'Echo Model')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Chat', exact: true })).toHaveCount(0);
});

for (const [name, viewport] of [
  ['at 200 % on a laptop', { width: 640, height: 360 }],
  ['on a telephone', { width: 360, height: 640 }],
] as const) {
  test.describe(name, () => {
    test.use({ viewport });

    test('everything can be reached, and nothing is wider than the window', async ({ page }) => {
      await page.goto('/');
      await expect(card(page, 'Echo Model')).toBeVisible();
      const inSight = async (what: Locator) => {
        await expect(what).toBeVisible();
        const { x, y, width, height } = await box(what);
        expect(x, `left of ${what}`).toBeGreaterThanOrEqual(0);
        expect(y, `top of ${what}`).toBeGreaterThanOrEqual(0);
        expect(x + width, `right of ${what}`).toBeLessThanOrEqual(viewport.width);
        expect(y + height, `bottom of ${what}`).toBeLessThanOrEqual(viewport.height);
      };
      const chat = page.getByRole('button', { name: 'Chat', exact: true });
      for (const what of ['Flows', 'Undo', 'Redo', 'Fit everything', 'Show the palette']) await inSight(page.getByRole('button', { name: what, exact: true }));
      await inSight(chat);
      await inSight(page.getByLabel('Name of the flow'));

      await page.getByRole('button', { name: 'Flows', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Keys and help' }).click();
      await inSight(page.getByRole('dialog', { name: 'Keys' }));
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Flows', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Credentials' }).click();
      await inSight(page.getByRole('dialog', { name: 'Credentials' }).getByRole('button', { name: 'New credential' }));
      await page.keyboard.press('Escape');

      await steps(page).getByRole('button', { name: 'Show the memory' }).click();
      await inSight(inspector(page));
      await inspector(page).getByRole('tab', { name: 'Memory' }).click();
      await inSight(inspector(page).getByRole('tab', { name: 'Docs' }));
      await chat.click();
      await inSight(page.getByLabel('Message', { exact: true }));
      await page.getByLabel('Message', { exact: true }).fill('Small');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('log', { name: 'Conversation' })).toContainText('Small');
      await inSight(page.getByRole('button', { name: 'Close the chat' }));
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });
  });
}
