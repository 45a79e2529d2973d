// The tool acts and says nothing: the run asks, with what was sent, and goes on as the user says.
import { assert, rpc, walk } from './support.mjs';

const { chain } = await rpc('sandbox_start');
const kept = await rpc('chain_export', { chain });
const steps = kept.chain.steps.map((step) => (step.id === 'message' ? { ...step, operation: 'announce', mapping: [] } : step));
await rpc('chain_save', { id: chain, chain: { ...kept.chain, steps } });
await rpc('sandbox_fault', { tool: 'chat', fault: 'dies_after_effect' });
await rpc('run_start', { chain, input: null, dryRun: false, queueOnly: false });
const { run, state } = await rpc('run_wait', { run: 'last' });
assert.equal(state, 'needs_you');

await walk(async ({ open }) => {
  const page = await open({ path: '/runs' });
  await page.getByText('Needs you').first().waitFor();
  await page.evaluate((to) => { location.hash = to; }, `/runs/${run}`);
  await page.getByRole('button', { name: 'It happened, continue' }).first().waitFor();
  for (const name of ['It did not, run again', 'Stop and undo']) assert.ok(await page.getByRole('button', { name }).first().isVisible(), name);
  assert.match(await page.locator('main').innerText(), /announcements/);
  await page.getByRole('button', { name: 'It happened, continue' }).first().click();
  await page.locator('.page-head').getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();
  const { report } = await rpc('run_report', { run });
  assert.deepEqual([report.state, report.steps[1].done], ['done', 7]);
});
