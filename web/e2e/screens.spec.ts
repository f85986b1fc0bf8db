import type { Locator, Page } from '@playwright/test';
import { card, inspector } from './canvas';
import { hiddenCards, outOfReach } from './reach';
import { expect, test } from './test';

const SCREENS = {
  'a laptop of 1,280 × 720': { viewport: { width: 1280, height: 720 } },
  'the same laptop at 200 %': { viewport: { width: 640, height: 360 }, deviceScaleFactor: 2 },
  'a tablet, upright': { viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true },
  'a tablet, lying': { viewport: { width: 1180, height: 820 }, hasTouch: true, isMobile: true },
};

for (const [screen, options] of Object.entries(SCREENS)) {
  test.describe(screen, () => {
    test.use(options);

    test(`all that matters is done on ${screen}, and nothing is cut off or covered`, async ({ page, watch }) => {
      test.slow();
      watch.allowFailures(/\/(credentials\/test|nodes\/options)$/u);
      const touch = 'hasTouch' in options;
      const press = (what: Locator) => (touch ? what.tap() : what.click());
      const look = async (at: string) => expect.soft(await outOfReach(page), at).toEqual([]);
      const menu = async (item: string) => {
        await press(page.getByRole('button', { name: 'Flows', exact: true }));
        await look(`the menu before ${item}`);
        await press(page.getByRole('menuitem', { name: item }));
      };
      const close = () => press(page.getByRole('dialog').last().getByRole('button', { name: 'Close', exact: true }));

      await page.goto('/');
      await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);
      await look('first run');
      await press(page.getByRole('button', { name: 'Dismiss the first steps' }));
      await press(page.getByRole('button', { name: 'Fit everything' }));
      await expect.poll(() => hiddenCards(page)).toEqual([]);

      await press(card(page, 'DynamoDB Chat Memory').locator('.card-name'));
      await expect(inspector(page)).toBeVisible();
      await look('settings');
      await press(inspector(page).getByText('Advanced'));
      await look('advanced settings');
      await press(inspector(page).getByRole('tab', { name: 'Docs' }));
      await look('docs');
      await press(inspector(page).getByRole('tab', { name: 'Memory' }));
      await expect(inspector(page)).toContainText('Nothing is stored yet');
      await look('an empty memory');

      await press(page.getByRole('button', { name: 'Chat', exact: true }));
      await look('an empty chat');
      await press(page.getByLabel('Message', { exact: true }));
      await page.keyboard.type('My name is Ada, and I write this on another screen.');
      await press(page.getByRole('button', { name: 'Send' }));
      await expect(page.getByText('Stored the turn')).toBeVisible();
      await look('chat');
      await press(page.getByRole('button', { name: 'Close the chat' }));

      if (!(await inspector(page).isVisible())) await press(card(page, 'DynamoDB Chat Memory').locator('.card-name'));
      await press(inspector(page).getByRole('option').first());
      await expect(inspector(page)).toContainText('My name is Ada');
      await look('a session');
      await press(inspector(page).getByRole('button', { name: 'As stored' }));
      await expect(inspector(page).getByRole('article', { name: /^Row/u })).toBeVisible();
      await look('a row');
      await press(inspector(page).getByRole('button', { name: 'Large view' }));
      await expect(page.getByRole('dialog')).toBeVisible();
      await look('the large view');
      await close();
      await press(inspector(page).getByRole('button', { name: 'Close the inspector' }));

      const palette = page.getByRole('complementary', { name: 'Nodes' });
      if (!(await palette.isVisible())) await press(page.getByRole('button', { name: 'Show the palette' }));
      await look('palette');
      await press(palette.getByText('Tool Agent'));
      await press(page.getByRole('button', { name: 'Fit everything' }));
      await expect.poll(() => hiddenCards(page)).toEqual([]);
      await press(card(page, 'Tool Agent').locator('.card-name'));
      await press(card(page, 'Tool Agent').getByRole('button', { name: 'Actions for Tool Agent' }));
      await look('the actions of a card');
      await press(page.getByRole('menuitem', { name: 'Connect to…' }));
      await look('connect to');
      await press(page.getByRole('option', { name: 'Echo Model · Model', exact: true }));
      await expect(page.locator('.react-flow__edge')).toHaveCount(3);
      const handle = (name: string, of: string) => card(page, name).locator(`.react-flow__handle${of}`);
      await drag(page, handle('DynamoDB Chat Memory', '.source'), handle('Tool Agent', '.target[data-handleid="memory"]'), touch);
      await expect(page.locator('.react-flow__edge')).toHaveCount(4);

      await menu('Credentials');
      await look('credentials');
      await press(page.getByRole('button', { name: 'New credential' }));
      await press(page.getByRole('button', { name: 'Test and save' }));
      await look('a new credential');
      await close();
      await close();
      await menu('All flows');
      await press(page.getByRole('button', { name: /^Delete/u }).first());
      await look('flows');
      await close();
      await menu('Import');
      await look('import');
      await close();
      await press(page.getByRole('button', { name: 'Keys and help' }));
      await look('keys');
    });
  });
}

/** With one finger, or the mouse. */
async function drag(page: Page, from: Locator, to: Locator, touch: boolean): Promise<void> {
  if (!touch) return from.dragTo(to);
  const [start, end] = [await middleOf(from), await middleOf(to)];
  const finger = await page.context().newCDPSession(page);
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number }[]) => finger.send('Input.dispatchTouchEvent', { type, touchPoints });
  await send('touchStart', [start]);
  for (let step = 1; step <= DRAG_STEPS; step++) {
    const along = (a: number, b: number) => a + ((b - a) * step) / DRAG_STEPS;
    await send('touchMove', [{ x: along(start.x, end.x), y: along(start.y, end.y) }]);
  }
  // A finger that leaves while it moves flings, and the next tap only ends that.
  await page.waitForTimeout(200);
  await send('touchMove', [end]);
  await send('touchEnd', []);
}

const DRAG_STEPS = 8;

async function middleOf(what: Locator): Promise<{ x: number; y: number }> {
  const box = await what.boundingBox();
  if (!box) throw new Error('it is not drawn');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** The page that moves as little as it was asked to; the rest of these tests are asked so, too. */
for (const reducedMotion of ['reduce', 'no-preference'] as const) {
  test.describe(reducedMotion, () => {
    test.use({ contextOptions: { reducedMotion } });

    test(`with ${reducedMotion === 'reduce' ? 'reduced motion nothing slides' : 'no wish about motion the canvas glides'}`, async ({ page }) => {
      await page.goto('/');
      await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);
      const longest = await longestMotion(page);
      await page.getByRole('button', { name: 'Zoom in' }).click();
      const steps = await stepsWhile(page, () => page.getByRole('button', { name: 'Fit everything' }).click());
      await card(page, 'DynamoDB Chat Memory').locator('.card-name').click();
      await page.keyboard.press('?');
      const withDialog = await longestMotion(page);
      if (reducedMotion === 'reduce') {
        expect(longest).toBeLessThan(1);
        expect(withDialog).toBeLessThan(1);
        expect(steps).toBe(1);
      } else {
        expect(longest).toBeGreaterThan(100);
        expect(steps).toBeGreaterThan(2);
      }
    });
  });
}

/** In milliseconds: of all that is on the page, what takes longest to change or to move. */
function longestMotion(page: Page): Promise<number> {
  return page.evaluate(() => {
    const ms = (times: string) => Math.max(...times.split(',').map((time) => Number.parseFloat(time) * (time.trim().endsWith('ms') ? 1 : 1_000)));
    const styles = [...document.querySelectorAll('*')].flatMap((element) => ['', '::before', '::after'].map((pseudo) => getComputedStyle(element, pseudo)));
    return Math.max(...styles.map(({ transitionDuration, animationDuration, animationName }) => Math.max(ms(transitionDuration), animationName === 'none' ? 0 : ms(animationDuration))));
  });
}

/** At how many places the canvas was drawn on its way. */
async function stepsWhile(page: Page, act: () => Promise<void>): Promise<number> {
  const seen = await page.evaluateHandle(() => {
    const places = new Set<string>();
    const viewport = document.querySelector<HTMLElement>('.react-flow__viewport');
    const first = viewport?.style.transform;
    const note = () => {
      if (viewport && viewport.style.transform !== first) places.add(viewport.style.transform);
      requestAnimationFrame(note);
    };
    note();
    return places;
  });
  await act();
  // Longer than any glide of the page.
  await page.waitForTimeout(500);
  return seen.evaluate((places) => places.size);
}
