import { mkdir } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { card, fromMenu, inspector, select } from './canvas';
import { FACTS, graphOf, RELATIONS } from './facts';
import { startModel, type Model } from './model';
import { openMemory } from './stores';
import { expect, test as base } from './test';

/** Where the pictures of the README lie. */
const FOLDER = new URL('../../docs/images/', import.meta.url);
const EXPORT = new URL('../../tests/fixtures/flowise/flowise-export-chatflow.json', import.meta.url);
/** What is said in them. The answers are written here, the memory is a real one. */
const TALK = [
  ['Hello, my name is Collin.', 'Hello Collin! What can I do for you?'],
  ['I plan a week in Lisbon in May. What should I see?', 'Three places that are worth the hills:\n\n1. **Alfama**, early, before the trams fill up\n2. The **tile museum** in Xabregas\n3. **Sintra**, a day by train'],
  ['What is my name, and where do I go?', 'You are **Collin**, and you go to **Lisbon** for a week in May.'],
] as const;

/** Enough facts for a picture. */
const MORE_FACTS = [
  ['Tile museum', 'In Xabregas, closed on Mondays.'],
  ['Pastéis de nata', 'Collin wants to try them warm.'],
  ['Tram 28', 'Crowded after ten.'],
  ['Ada', 'Collin’s sister; joins for the weekend.'],
  ['Porto', 'Where Ada lives.'],
] as const;
const MORE_RELATIONS = [
  ['Tile museum', 'IN', 'Lisbon'],
  ['Collin', 'WANTS_TO_TRY', 'Pastéis de nata'],
  ['Pastéis de nata', 'SOLD_IN', 'Lisbon'],
  ['Tram 28', 'RUNS_THROUGH', 'Alfama'],
  ['Ada', 'SISTER_OF', 'Collin'],
  ['Ada', 'LIVES_IN', 'Porto'],
] as const;

const test = base.extend<{ model: Model; flow: string }>({
  model: async ({}, use) => {
    const model = await startModel(['demo-model']);
    await use(model);
    await model.close();
  },
  hostArgs: async ({ model }, use) => use(['--allow-endpoint', model.endpoint]),
  flow: async ({ host, model }, use) => {
    const node = (id: string, type: string, x: number, y: number, inputs: object) => ({ id, type, version: 1, position: { x, y }, inputs });
    const edge = (source: string) => ({ source, sourceHandle: source, target: 'chain', targetHandle: source });
    const table = { tableName: 'conversations', partitionKey: 'session', sortKey: 'turn', endpoint: 'builtin', createTable: true, sessionId: 'user-id-123' };
    const nodes = [
      node('model', 'chatModel', 0, 0, { modelName: 'demo-model', baseURL: `http://${model.endpoint}/v1/` }),
      node('memory', 'DynamoDBChatMemory', 0, 216, table),
      node('chain', 'conversationChain', 360, 96, {}),
    ];
    const flow = { format: 1, name: 'Travel desk', nodes, edges: [edge('model'), edge('memory')] };
    await use((await host.api<{ id: string }>('/flows', { flow })).id);
  },
});
test.use({ viewport: { width: 1280, height: 800 } });

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('the pictures of the README', async ({ page, host, watch, flow, model }) => {
      test.slow();
      watch.allowFailures(/\/(credentials\/test|nodes\/health)$/u);
      await mkdir(FOLDER, { recursive: true });
      await page.goto(`/#/flows/${flow}`);
      await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);
      await select(page, 'DynamoDB Chat Memory');
      await page.getByRole('button', { name: 'Fit everything' }).click();
      await expect(page.getByText('100 %')).toHaveCount(0);
      await shoot(page, 'canvas');

      await page.getByRole('button', { name: 'Chat', exact: true }).click();
      for (const [at, [question, answer]] of TALK.entries()) {
        await page.getByRole('textbox', { name: 'Message' }).fill(question);
        await page.keyboard.press('Enter');
        await expect.poll(model.asked).toBe(at + 1);
        model.say(answer);
        model.end();
        await expect(page.locator('.card[data-status=running]')).toHaveCount(0);
        await expect(page.getByText('Stored the turn')).toBeVisible();
      }
      await inspector(page).getByRole('tab', { name: 'Run' }).click();
      await shoot(page, 'chat');
      await page.getByRole('button', { name: 'Hide chat' }).click();
      await inspector(page).getByRole('tab', { name: 'Memory' }).click();
      await expect(inspector(page)).toContainText('6 messages in 3 turns');
      await shoot(page, 'memory');

      await fromMenu(page, 'Credentials');
      await page.getByRole('button', { name: 'New credential' }).click();
      await page.getByLabel('Type').selectOption('AWS');
      await page.getByLabel('Access key ID').fill('AKIAIOSFODNN7EXAMPLE');
      await page.getByLabel('Secret access key').fill('not-a-key-of-anybody');
      await page.getByRole('button', { name: 'Test and save' }).click();
      await expect(page.getByRole('button', { name: 'Save anyway' })).toBeVisible({ timeout: 30_000 });
      await shoot(page, 'credential');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Discard' }).click();
      await page.keyboard.press('Escape');

      await fromMenu(page, 'Import');
      await page.getByLabel('File to import').setInputFiles(EXPORT.pathname);
      await expect(page.getByRole('dialog', { name: 'Import report' })).toBeVisible();
      await expect(card(page, 'DynamoDB Chat Memory')).toBeVisible();
      await shoot(page, 'import');

      await page.getByRole('dialog', { name: 'Import report' }).getByRole('button', { name: 'Go to the flow' }).click();
      await openMemory(page, await graphOf(host, [...FACTS, ...MORE_FACTS], [...RELATIONS, ...MORE_RELATIONS]));
      await inspector(page).getByRole('button', { name: 'Large view' }).click();
      await page.locator('.graph-drawing .dot', { hasText: 'Lisbon' }).click();
      await expect(page.getByRole('region', { name: 'Fact Lisbon' })).toContainText('Relations');
      await shoot(page, 'graph');
    });

    async function shoot(page: Page, name: string): Promise<void> {
      await page.mouse.move(640, 780);
      await page.evaluate(async () => {
        await document.fonts.ready;
        await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)));
      });
      await page.screenshot({ path: new URL(`${name}-${colorScheme}.png`, FOLDER).pathname, animations: 'disabled', caret: 'hide' });
    }
  });
}
