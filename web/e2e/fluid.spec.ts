import { dragOne, openLarge } from './large';
import { expect, test } from './test';

const MOVES = 40;
const RENDERS_PER_MOVE_MAX = 2;

test('with two hundred nodes, dragging one renders that one', async ({ page, host }) => {
  await openLarge(page, host);
  const { renders } = await dragOne(page, MOVES);
  expect(renders).toBeLessThanOrEqual(MOVES * RENDERS_PER_MOVE_MAX);
  await expect(page.getByRole('button', { name: 'Undo: Move' })).toBeEnabled();
});
