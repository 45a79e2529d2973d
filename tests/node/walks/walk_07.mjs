// It fails in the middle: tries are shown, the report says what got through, it is undone, and the rest is run.
import { fourSteps } from './four_steps.mjs';
import { assert, button, rpc, walk } from './support.mjs';

await rpc('sandbox_start');
const { id } = await rpc('chain_import', { chain: fourSteps({ wait: 3, tries: 3 }) });
const comments = async () => (await rpc('operation_call', { name: 'Sandbox Tracker', operation: 'list_comments', params: { number: 1 } })).result.length;

await walk(async ({ open }) => {
  const before = await comments();
  const page = await open({ path: `/chains/${id}` });
  await page.locator('[data-step=tell]').waitFor();
  await page.press(button(page, 'Run'));
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/Close.*cannot be undone/).waitFor();
  await page.press(button(dialog, 'Run'));
  const panel = page.locator('.panel');
  await panel.getByTestId('progress').filter({ hasText: /2 of 4 steps/ }).waitFor();
  await rpc('sandbox_fault', { tool: 'chat', fault: 'down' });
  // The tries are counted where the step is.
  await panel.getByText(/try \d of 3, in/).waitFor();
  await panel.getByTestId('pill').filter({ hasText: /^Failed$/ }).waitFor();
  assert.equal(await comments(), before + 1);
  await panel.getByRole('button', { name: 'Run from here' }).waitFor();
  await page.press(panel.getByRole('link', { name: 'Open report' }));
  await page.getByRole('heading', { name: 'Partial results' }).waitFor();
  assert.match(await page.locator('.run-headline').textContent(), /3 of 4 steps done/);
  await page.press(page.getByRole('button', { name: 'Undo 2 finished steps' }));
  await page.getByText('Could not undo').first().waitFor();
  await page.getByText('Undone').first().waitFor();
  await page.getByRole('heading', { name: 'Undo', exact: true }).waitFor();
  assert.equal(await comments(), before);
  const { report } = await rpc('run_report', { run: 'last' });
  assert.deepEqual(report.undo.map(({ step, undone }) => [step, undone]).sort(), [['close', false], ['comment', true]]);
  assert.ok(report.undo.every((one) => one.undone || one.problem), 'what stays says why');
  await rpc('sandbox_fault', { tool: 'chat', fault: null });
  await page.press(page.getByRole('button', { name: 'Run failed items only' }));
  await page.locator('.page-head').getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();
  assert.equal(await comments(), before + 1);
  const { runs } = await rpc('run_list', {});
  assert.deepEqual(runs.map((run) => [run.state, run.origin]), [['done', 'failed_items'], ['failed', 'by_hand']]);
});
