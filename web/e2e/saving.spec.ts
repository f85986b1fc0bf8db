import { expect, test } from './test';

test('keeps the flow when the host is killed and comes back', async ({ page, host, watch }) => {
  await page.goto('/');
  const name = page.getByLabel('Name of the flow');
  await expect(name).toBeVisible();
  watch.allowFailures(/\/api\//u);
  await host.kill();
  await name.fill('Written while the host was gone');
  await expect(page.getByText('Offline, kept here')).toBeVisible();
  await host.start();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await page.reload();
  await expect(name).toHaveValue('Written while the host was gone');
});

test('a flow that was changed in another window is neither lost nor written over unasked', async ({ page, context, host, watch }) => {
  // The refusal of the older version.
  watch.allowFailures(/\/flows\/[\w-]+$/u);
  await page.goto('/');
  const name = page.getByLabel('Name of the flow');
  await expect(name).not.toHaveValue('');
  const other = await context.newPage();
  await other.goto(page.url());
  const otherName = other.getByLabel('Name of the flow');
  await otherName.fill('Named in the other window');
  await expect(other.getByText('Saved', { exact: true })).toBeVisible();
  const savedName = async () => (await host.api<{ flows: { name: string }[] }>('/flows')).flows.map((flow) => flow.name);
  await expect.poll(savedName).toEqual(['Named in the other window']);

  await name.fill('Named here');
  const told = page.getByRole('alert').filter({ hasText: 'Changed elsewhere' });
  await expect(told).toBeVisible();
  expect(await savedName()).toEqual(['Named in the other window']);
  await told.getByRole('button', { name: 'Overwrite' }).click();
  await expect.poll(savedName).toEqual(['Named here']);

  await otherName.fill('Once more from there');
  await other.getByRole('button', { name: 'Reload' }).click();
  await expect(otherName).toHaveValue('Named here');
});
