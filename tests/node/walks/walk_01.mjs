// New user to green run: at most 3 clicks, 30 s.
import { assert, button, rpc, walk } from './support.mjs';

await walk(async ({ open, elapsed }) => {
  const page = await open();
  await page.getByRole('heading', { name: /Connect your tools/ }).waitFor();
  await page.press(page.getByRole('button', { name: /Try it with the sandbox/ }));
  await page.press(button(page, 'Run'));
  await page.press(page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }));
  await page.locator('.panel').getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();
  await page.getByText('That worked.').waitFor();
  assert.ok(page.clicks() <= 3, `${page.clicks()} clicks`);
  assert.ok(elapsed() < 30_000, `${elapsed()} ms`);
  const { runs } = await rpc('run_list', { offset: 0 });
  assert.deepEqual(runs.map((run) => run.state), ['done']);
  console.log(`${page.clicks()} clicks, ${elapsed()} ms`);
});
