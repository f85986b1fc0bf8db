import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { card, drop, emptyFlow, inspector, select } from './canvas';
import { FACTS, graphOf, RELATIONS } from './facts';
import { openMemory } from './stores';
import { expect, test } from './test';

const dot = (page: Page, id: string) => page.locator('.graph-drawing .react-flow__node').filter({ has: page.getByText(id, { exact: true }) });
const panel = (page: Page, id: string) => page.getByRole('region', { name: `Fact ${id}` });
const inView = async (what: Locator, box: Locator) => {
  const [one, two] = [await what.boundingBox(), await box.boundingBox()];
  return one !== null && two !== null && one.x >= two.x && one.x < two.x + two.width && one.y >= two.y && one.y < two.y + two.height;
};

test('a graph memory is dropped, used, and its first fact is added by hand', async ({ page }) => {
  await page.goto('/');
  await emptyFlow(page);
  await drop(page, 'Mem0 Graph Memory (DynamoDB)', { x: 300, y: 200 });
  const settings = await select(page, 'Mem0 Graph Memory');
  await settings.getByLabel('Table name', { exact: true }).fill('facts');
  await settings.getByText('Advanced').first().click();
  await settings.getByLabel('Endpoint', { exact: true }).fill('builtin');
  await expect(card(page, 'Mem0 Graph Memory').locator('.card-status')).toHaveText(/^Ready/u);
  await settings.getByRole('tab', { name: 'Memory' }).click();
  await expect(settings).toContainText('No facts yet');
  await settings.getByRole('button', { name: 'Add a fact' }).last().click();
  const dialog = page.getByRole('dialog', { name: 'Add a fact' });
  await dialog.getByLabel('Name').fill('Lisbon');
  await dialog.getByLabel('What is known').fill('Built on seven hills.');
  await dialog.getByLabel('Metadata').fill('{"topic": ');
  await expect(dialog.getByRole('button', { name: 'Add it' })).toBeDisabled();
  await dialog.getByLabel('Metadata').fill('{"topic": "travel"}');
  await dialog.getByRole('button', { name: 'Add it' }).click();
  await expect(panel(page, 'Lisbon')).toContainText('Built on seven hills.');
  await expect(panel(page, 'Lisbon')).toContainText('travel');
  await expect(dot(page, 'Lisbon')).toBeVisible();
});

test('a graph is drawn, searched, followed and mended', async ({ page, host, watch }) => {
  watch.allowFailures(/\/graph\/link$/u);
  const memory = await graphOf(host, FACTS, RELATIONS);
  await openMemory(page, memory);
  await expect(page.getByRole('group', { name: 'Drawing of 4 facts and 3 relations' })).toBeVisible();
  const labels = () => page.locator('.relation-label').allTextContents();
  await expect.poll(async () => (await labels()).sort()).toEqual(['NEAR', 'PART_OF', 'PLANS_TRIP_TO']);

  await dot(page, 'Lisbon').click();
  const lisbon = panel(page, 'Lisbon');
  await expect(lisbon).toContainText('Relations (3)');
  await expect(lisbon).toContainText('From lisbon-trip, turn 01234567');
  await expect.poll(() => inView(dot(page, 'Lisbon'), page.locator('.graph-drawing'))).toBe(true);
  await lisbon.getByRole('listitem').filter({ hasText: 'PART_OF' }).getByRole('button', { name: 'Alfama', exact: true }).click();
  await expect(panel(page, 'Alfama')).toContainText('The oldest quarter.');

  await panel(page, 'Alfama').getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('What is known').fill('The oldest quarter. Best early.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(panel(page, 'Alfama')).toContainText('Best early.');
  // What was noted of its origin stays.
  await expect(panel(page, 'Alfama')).toContainText('From lisbon-trip');

  await panel(page, 'Alfama').getByRole('button', { name: 'Relate' }).click();
  const relate = page.getByRole('dialog', { name: 'Relate “Alfama”' });
  await relate.getByLabel('How', { exact: true }).fill('SEEN_BY');
  await relate.getByLabel('To what').fill('Nobody');
  await relate.getByRole('button', { name: 'Relate' }).click();
  await expect(relate.getByRole('alert')).toContainText('no such node');
  await relate.getByLabel('To what').fill('Collin');
  await relate.getByRole('button', { name: 'Relate' }).click();
  await expect(relate).toBeHidden();
  const seen = panel(page, 'Alfama').getByRole('listitem').filter({ hasText: 'SEEN_BY' });
  await seen.getByRole('button', { name: 'Remove: Alfama SEEN_BY Collin' }).click();
  await seen.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(seen).toHaveCount(0);

  await page.getByLabel('Find facts by name or words').fill('hills');
  await page.getByRole('button', { name: 'List', exact: true }).click();
  const found = page.getByRole('list', { name: 'Facts that were found' });
  await expect(found.getByRole('listitem')).toHaveCount(1);
  await found.getByRole('button').click();
  await panel(page, 'Lisbon').getByRole('button', { name: 'Delete' }).click();
  const ask = page.getByRole('dialog', { name: 'Delete “Lisbon”?' });
  await expect(ask).toContainText('With it go 3 relations');
  await ask.getByRole('button', { name: 'Delete it' }).click();
  await expect(inspector(page).getByRole('status').filter({ hasText: 'removed' })).toContainText('“Lisbon” is removed, with 3 relations.');
  const left = await host.api<{ nodes: { id: string }[] }>('/graph/nodes', { memory });
  expect(left.nodes.map(({ id }) => id).sort()).toEqual(['Alfama', 'Collin', 'Sintra']);
});

test('a fact leads to the session that it came from', async ({ page, host }) => {
  const { flow } = await graphOf(host, FACTS, RELATIONS);
  await host.api('/memory/append', { memory: { flow, node: 'memory' }, session: 'lisbon-trip', turn: { messages: [{ role: 'user', content: 'I plan a week in Lisbon.' }] } });
  await openMemory(page, { flow, node: 'facts' });
  await dot(page, 'Collin').click();
  await panel(page, 'Collin').getByRole('list', { name: 'Where it came from' }).first().getByRole('button', { name: 'lisbon-trip' }).click();
  await expect(inspector(page).getByRole('heading', { name: 'DynamoDB Chat Memory' })).toBeVisible();
  await expect(inspector(page)).toContainText('I plan a week in Lisbon.');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('the list serves the keyboard alone, and axe finds nothing serious', async ({ page, host }) => {
      await openMemory(page, await graphOf(host, FACTS, RELATIONS));
      await expect(page.locator('.graph-drawing .dot')).toHaveCount(4);
      const look = async (at: string) => {
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect.soft(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`), at).toEqual([]);
      };
      await look('graph');
      await page.getByRole('button', { name: 'List', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowUp');
      const first = page.getByRole('list', { name: 'Facts', exact: true }).getByRole('button').first();
      await expect(first).toBeFocused();
      await page.keyboard.press('Enter');
      await expect(page.getByRole('region', { name: /^Fact / })).toBeVisible();
      await look('list and fact');
      await page.getByRole('button', { name: 'Large view' }).click();
      await look('large view');
    });
  });
}
