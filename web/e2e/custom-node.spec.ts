import { card, drop, emptyFlow, inspector, select } from './canvas';
import { CUSTOM_BINARY } from './host';
import { expect, test } from './test';

test.use({ hostBinary: CUSTOM_BINARY });

test('a node of another crate is dropped, filled in, connected and used, with no page code for it', async ({ page }) => {
  await page.goto('/');
  await emptyFlow(page);
  await drop(page, 'Scratch Memory', { x: 80, y: 340 });
  await drop(page, 'Echo Model', { x: 80, y: 120 });
  await drop(page, 'Conversation Chain', { x: 480, y: 200 });
  const settings = await select(page, 'Scratch Memory');
  await settings.getByText('Advanced').click();
  await settings.getByLabel('Memory key').fill('history');
  await expect(settings).toContainText('The prompt variable under which a chain finds the history.');

  for (const name of ['Scratch Memory', 'Echo Model']) {
    const from = card(page, name).locator('.react-flow__handle.source');
    const to = card(page, 'Conversation Chain').locator(`.react-flow__handle[data-handleid="${name === 'Echo Model' ? 'model' : 'memory'}"]`);
    await from.dragTo(to);
  }
  await expect(page.locator('.react-flow__edge')).toHaveCount(2);
  await expect(page.locator('.card-status[data-status="ready"]')).toHaveCount(3);
  await select(page, 'Scratch Memory');
  await expect(inspector(page)).toContainText('Everything is lost when the program ends.');
  await inspector(page).getByRole('tab', { name: 'Docs' }).click();
  await expect(inspector(page)).toContainText('Nothing is kept past the end of the program.');

  await page.getByRole('button', { name: 'Chat', exact: true }).click();
  const message = page.getByRole('textbox', { name: 'Message' });
  const conversation = page.getByRole('log', { name: 'Conversation' });
  await message.fill('My name is Ada.');
  await message.press('Enter');
  await expect(page.getByText('Stored the turn')).toBeVisible();
  await message.fill('What is my name?');
  await message.press('Enter');
  await expect(conversation.getByRole('article')).toHaveCount(2);
  await expect(conversation.getByRole('article').last()).toContainText('My name is Ada.');

  await inspector(page).getByRole('tab', { name: 'Memory' }).click();
  await expect(inspector(page)).toContainText('What is my name?');
  await expect(inspector(page)).toContainText('4 messages in 2 turns');
});
