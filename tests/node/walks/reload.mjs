// A run goes on through a reload; a second window shows the same.
import { assert, button, rpc, walk } from './support.mjs';

const { chain } = await rpc('sandbox_start');
await rpc('sandbox_fault', { tool: 'chat', fault: 'slow' });

await walk(async ({ open }) => {
  const page = await open({ path: `/chains/${chain}` });
  await button(page, 'Run').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('.panel').getByText(/Running|Queued/).first().waitFor();
  const [{ id }] = (await rpc('run_list', { offset: 0 })).runs;
  const other = await open({ path: `/runs/${id}` });
  await page.evaluate((run) => { location.hash = `/runs/${run}`; }, id);
  await page.reload();
  await page.locator('.app').waitFor();
  await rpc('sandbox_fault', { tool: 'chat', fault: null });
  for (const window of [page, other]) {
    await window.locator('.page-head').getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor({ timeout: 30_000 });
  }
  const { report } = await rpc('run_report', { run: id });
  assert.equal(report.state, 'done');
  assert.equal(report.steps[1].done, 7);
});
