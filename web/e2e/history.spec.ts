import AxeBuilder from '@axe-core/playwright';
import { inspector } from './canvas';
import { openMemory } from './stores';
import { expect, test } from './test';

test('what became of a memory is told oldest first, from the fact that it is of; what is deleted is counted', async ({ page, host }) => {
  const node = (id: string, type: string, x: number, tableName: string) => ({ id, type, version: 1, position: { x, y: 0 }, inputs: { tableName, endpoint: 'builtin' } });
  const nodes = [node('history', 'mem0DynamoDBHistoryStore', 0, 'mem0-history'), node('facts', 'mem0DynamoDBGraphMemory', 360, 'mem0-graph')];
  const edges = [{ source: 'history', sourceHandle: 'history', target: 'facts', targetHandle: 'history' }];
  const { id: flow } = await host.api<{ id: string }>('/flows', { flow: { format: 1, name: 'Facts', nodes, edges } });
  const memory = { flow, node: 'facts' };
  await host.api('/graph/put_node', { memory, node: { id: 'Lisbon', content: 'Built on six hills.' } });
  await host.api('/graph/update_node', { memory, id: 'Lisbon', content: 'Built on seven hills.' });
  const history = { flow, node: 'history' };
  await host.api('/history/add_messages', { history, session_scope: 'user_id=ada', messages: [{ user: 'ada', role: 'user', content: 'I plan a week in Lisbon.', name: 'Ada' }] });

  await openMemory(page, memory);
  await page.locator('.graph-drawing .react-flow__node').click();
  await page.getByRole('region', { name: 'Fact Lisbon' }).getByRole('button', { name: 'What became of it' }).click();
  const list = page.getByRole('list', { name: 'History of Lisbon, oldest first' });
  await expect(list.getByRole('listitem')).toHaveCount(2);
  await expect(list.getByRole('listitem').first()).toContainText('Added');
  await expect(list.getByRole('listitem').last()).toContainText('Before: Built on six hills.');
  await expect(list.getByRole('listitem').last()).toContainText('After: Built on seven hills.');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  await page.getByRole('button', { name: 'Messages', exact: true }).click();
  await page.getByLabel('Session scope').fill('user_id=ada');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('list', { name: 'Newest messages of user_id=ada' })).toContainText('I plan a week in Lisbon.');
  await inspector(page).getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Delete a user…' }).click();
  await page.getByRole('dialog').getByLabel('User').fill('ada');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(inspector(page).getByRole('status').filter({ hasText: 'Removed' })).toContainText('Removed 0 records and 1 message.');
  await expect(inspector(page)).toContainText('Nothing is stored');
});
