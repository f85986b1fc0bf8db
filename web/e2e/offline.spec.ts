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
