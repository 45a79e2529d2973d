// A service that is down, then one that answers oddly: said in words, with a button that goes on.
import { assert, button, rpc, walk } from './support.mjs';

const { chain } = await rpc('sandbox_start');
// Two tries are enough to see one being repeated.
const kept = await rpc('chain_export', { chain });
const steps = kept.chain.steps.map((step) => ({ ...step, policy: { ...step.policy, tries: 2, backoffMs: 100 } }));
await rpc('chain_save', { id: chain, chain: { ...kept.chain, steps } });

await walk(async ({ open }) => {
  const page = await open({ path: `/chains/${chain}` });
  const panel = page.locator('.panel');
  const state = (name) => panel.getByTestId('pill').filter({ hasText: new RegExp(`^${name}$`) });

  // Down before it begins: the check says so, and nothing starts.
  await rpc('sandbox_fault', { tool: 'chat', fault: 'down' });
  await button(page, 'Run').click();
  await page.getByText(/thing to mend|thing.? to mend/).first().or(page.getByRole('dialog')).first().waitFor();
  if (await page.getByRole('dialog').isVisible()) {
    await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
    await state('Failed').waitFor();
    await panel.getByTestId('problem').first().waitFor();
  }
  assert.match(await panel.innerText(), /Sandbox Chat/);

  // Back again: the same button ends in green.
  await rpc('sandbox_fault', { tool: 'chat', fault: null });
  await rpc('connection_test', { name: 'Sandbox Chat' });
  await button(page, 'Run').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).or(state('Done')).first().waitFor();
  if (await page.getByRole('dialog').isVisible()) await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
  await state('Done').waitFor();

  // Odd data: what does not fit is put aside and named; the screen stays whole.
  await rpc('sandbox_fault', { tool: 'tracker', fault: 'odd_data' });
  await rpc('run_start', { chain, input: null, dryRun: false, queueOnly: false });
  await rpc('run_wait', { run: 'last' });
  const { report } = await rpc('run_report', { run: 'last' });
  await page.evaluate((to) => { location.hash = to; }, `/runs/${report.run}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByTestId('pill').first().waitFor();
  assert.equal(await page.getByText('This part stopped working').count(), 0);
  await rpc('sandbox_fault', { tool: 'tracker', fault: null });
}, { expected: [/40\d|50\d/] });
