import { card, inspector, select } from './canvas';
import { startModel, type Model } from './model';
import { expect, test as base } from './test';

const test = base.extend<{ model: Model }>({
  model: async ({}, use) => {
    const model = await startModel();
    await use(model);
    await model.close();
  },
  hostArgs: async ({ model }, use) => use(['--allow-endpoint', model.endpoint]),
});

test('the page, a card and its wires are told by what they are called and how they stand', async ({ page }) => {
  await page.goto('/');
  await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);
  await expect(page.getByRole('banner')).toMatchAriaSnapshot(`
    - banner:
      - button "Flows"
      - heading "DynamoDB on this machine" [level=1]
      - textbox "Name of the flow": DynamoDB on this machine
      - text: Saved
      - button "Undo" [disabled]
      - button "Redo" [disabled]
      - button "Keys and help"
      - button "Chat"
  `);
  await expect(page.getByRole('complementary', { name: 'Nodes' }).getByRole('region', { name: 'Memory' })).toMatchAriaSnapshot(`
    - region "Memory":
      - heading "Memory" [level=2]
      - button "DynamoDB Chat Memory"
      - button "Upstash Redis-Backed Chat Memory"
  `);
  await expect(card(page, 'Conversation Chain')).toMatchAriaSnapshot(`
    - group "Conversation Chain":
      - paragraph: Conversation Chain
      - paragraph: Chains
      - button "Actions for Conversation Chain"
      - list "Inputs":
        - listitem: Chat Model , connected
        - listitem: Memory , connected
      - list "Outputs":
        - listitem: Chain , gives ConversationChain
      - paragraph: Ready
  `);
  await expect(card(page, 'DynamoDB Chat Memory').getByRole('list', { name: 'Inputs' })).toHaveCount(0);
  await expect(card(page, 'Conversation Chain')).toHaveAccessibleDescription(/Press Enter or Space to select, then the arrows to move, L to connect/u);
  await expect(page.getByRole('group', { name: /^Connection/u })).toHaveCount(2);
  await expect(page.getByRole('group', { name: 'Connection from DynamoDB Chat Memory to Conversation Chain' })).toBeAttached();

  await card(page, 'Echo Model').locator('.card-name').click();
  await page.keyboard.press('F2');
  await page.keyboard.type('Parrot');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('group', { name: 'Parrot, Echo Model', exact: true })).toBeFocused();
  await expect(page.getByRole('group', { name: 'Connection from Parrot to Conversation Chain' })).toBeAttached();
  await page.keyboard.press('Delete');
  await expect(card(page, 'Conversation Chain').getByRole('list', { name: 'Inputs' })).toMatchAriaSnapshot(`
    - list "Inputs":
      - listitem: Chat Model required , not connected
      - listitem: Memory , connected
  `);
  await expect(card(page, 'Conversation Chain').getByText('Connect the Chat Model')).toBeVisible();
});

test('the inspector is a set of tabs whose fields have names, what they are for, and what is wrong with them', async ({ page, watch }) => {
  watch.allowFailures(/\/nodes\/(health|options)$/u);
  await page.goto('/');
  const settings = await select(page, 'DynamoDB Chat Memory');
  await expect(settings).toMatchAriaSnapshot(`
    - complementary "Inspector":
      - heading "DynamoDB Chat Memory" [level=2]
      - button "Close the inspector"
      - tablist "About the node":
        - tab "Settings" [selected]
        - tab "Memory"
        - tab "Run"
        - tab "Docs"
      - tabpanel "Settings":
        - region "How it stands":
          - status: Ready
          - button "Check again"
          - button "Diagnose"
  `);
  const table = settings.getByLabel('Table name', { exact: true });
  await expect(table).toHaveAccessibleDescription(/.+/u);
  await table.fill('no spaces, please');
  await expect(table).toHaveAttribute('aria-invalid', 'true');
  await expect(table).toHaveAccessibleDescription(/3 to 255 letters, digits/u);
});

test('an answer is spoken once it is whole, and the conversation is a log', async ({ page, host, model }) => {
  const node = (id: string, type: string, inputs: object) => ({ id, type, version: 1, position: { x: 0, y: id === 'chain' ? 320 : 0 }, inputs });
  const nodes = [node('model', 'chatModel', { modelName: 'm', baseURL: `http://${model.endpoint}/v1/` }), node('chain', 'conversationChain', {})];
  const edges = [{ source: 'model', sourceHandle: 'model', target: 'chain', targetHandle: 'model' }];
  const { id } = await host.api<{ id: string }>('/flows', { flow: { format: 1, name: 'Spoken', nodes, edges } });
  await page.goto(`/#/flows/${id}`);
  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  const chat = page.getByRole('region', { name: 'Chat', exact: true });
  const spoken = chat.getByRole('status');
  await expect(spoken).toHaveAttribute('aria-live', 'polite');
  await expect(spoken).toBeEmpty();
  const heard = await spoken.evaluateHandle((region) => {
    const said: string[] = [];
    new MutationObserver(() => said.push(region.textContent ?? '')).observe(region, { childList: true, characterData: true, subtree: true });
    return said;
  });
  await chat.getByRole('textbox', { name: 'Message' }).fill('Hello');
  await page.keyboard.press('Enter');
  await expect.poll(model.asked).toBe(1);
  for (const piece of ['One, ', '**two**, ', 'three.']) {
    model.say(piece);
    await expect(chat.getByRole('log')).toContainText(piece.replaceAll('*', '').trim());
  }
  await expect(chat.getByRole('log')).toHaveAttribute('aria-busy', 'true');
  model.end();
  await expect(spoken).toHaveText('Answer: One, two, three.');
  expect(await heard.jsonValue()).toEqual(['Answering.', 'Answer: One, two, three.']);
  await expect(chat.getByRole('log', { name: 'Conversation' })).toMatchAriaSnapshot(`
    - log "Conversation":
      - article:
        - text: "You: Hello"
        - paragraph:
          - text: One,
          - strong: two
          - text: ", three."
        - button /1 step/ [expanded]
        - list:
          - listitem: /Model answered/
  `);
});

test('trouble with saving is said at once, and so is its end', async ({ page, host, watch }) => {
  await page.goto('/');
  const name = page.getByLabel('Name of the flow');
  await expect(name).toBeVisible();
  const again = page.getByRole('banner').getByRole('status');
  await name.fill('Saved as ever');
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await expect(again).toBeEmpty();
  watch.allowFailures(/\/api\//u);
  await host.kill();
  await name.fill('Written while the host was gone');
  await expect(page.getByRole('alert')).toHaveText('Offline, kept here');
  await host.start();
  await expect(again).toHaveText('Saved again.');
  await name.fill('Once more');
  await expect(again).toBeEmpty();
  await expect(inspector(page)).toHaveCount(0);
});
