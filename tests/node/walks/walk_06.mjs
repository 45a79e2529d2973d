// The check saves a bad run: nothing is sent, the focus is on what to mend, Fix asks for it, then it is green.
import { assert, button, rpc, walk } from './support.mjs';

await rpc('sandbox_start');
const { id } = await rpc('chain_import', {
  chain: {
    schema: 1,
    name: 'Tell',
    steps: [{ id: 'message', connection: 'Sandbox Chat', operation: 'send_message', mapping: [{ target: '/text', source: { type: 'fixed', value: 'Hello' } }] }],
  },
});
const messages = async () => (await rpc('operation_call', { name: 'Sandbox Chat', operation: 'list_messages', params: {} })).result.length;

await walk(async ({ open }) => {
  const page = await open({ path: `/chains/${id}/step/message` });
  const before = await messages();
  // What the message needs is taken away: nothing before it could give it.
  await page.locator('[data-target="/text"] button').click();
  await button(page.getByRole('dialog'), 'Let Patchbay choose').click();
  await page.getByText('Choose a source…').waitFor();
  // It says so without being asked, on the step and beside Check.
  await page.locator('[data-step=message].bad').waitFor();
  await page.getByLabel('1 thing to mend').waitFor();
  await page.keyboard.press('Control+Enter');
  await page.getByText('1 thing to mend before it can run. Nothing was sent.').waitFor();
  await page.waitForFunction(() => document.activeElement?.closest('.finding.bad') !== null);
  const { runs } = await rpc('run_list', {});
  assert.deepEqual(runs, [], 'a run with a blocker never starts');
  assert.equal(await messages(), before);
  // The focus is on the button that mends it.
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await page.getByRole('dialog', { name: /comes from/ }).waitFor();
  await dialog.getByText('Fixed value', { exact: true }).first().click();
  await dialog.getByRole('textbox', { name: 'Fixed value' }).fill('The check saved this run');
  await button(dialog, 'Use this').click();
  await page.locator('[data-step=message]:not(.bad)').waitFor();
  await button(page, 'Run').click();
  await button(page.getByRole('dialog'), 'Run').click();
  await page.locator('.panel').getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();
  assert.equal(await messages(), before + 1);
});
