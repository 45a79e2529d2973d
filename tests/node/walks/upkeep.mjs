// What is behind the connections: settings of the engine, work that was given up, what was done, a signal as
// the sample of a chain. axe finds nothing in any of it.
import { clean as axeClean } from './axe.mjs';
import { assert, button, rpc, walk } from './support.mjs';

const clean = (page, name) => axeClean(page, name, { prefix: 'upkeep-' });

await walk(async ({ open }) => {
  await rpc('sandbox_start');
  const page = await open({ path: '/settings' });
  const goTo = (path) => page.evaluate((to) => { location.hash = to; }, path);

  // For everything: what is odd is said, what is set holds and is told to a connection as inherited.
  const form = page.getByTestId('engine-settings');
  const field = (name, within = form) => within.getByRole('textbox', { name, exact: true });
  await field('Time for an answer').fill('0');
  await form.getByText('Choose a whole number from 1 to 600.', { exact: true }).waitFor();
  await clean(page, 'settings-odd');
  await field('Time for an answer').fill('45');
  await field('Reads at once').fill('3');
  await button(form, 'Save').click();
  await form.getByText('Saved.', { exact: true }).waitFor();
  const set = async (connection) => Object.fromEntries((await rpc('engine_settings_show', { connection })).settings.map((one) => [one.key, one]));
  assert.deepEqual([(await set(null)).answerSeconds.value, (await set(null)).deltaAtOnce.value], [45, 3]);
  await clean(page, 'settings');
  await page.getByRole('textbox', { name: 'How much is logged' }).click();
  await page.getByRole('option', { name: 'Warnings', exact: true }).click();
  await page.waitForFunction(() => [...document.querySelectorAll('input')].some((input) => input.value === 'Warnings'));
  assert.equal((await rpc('log_settings_show')).level, 'warn');

  // For one connection: it stands before everything, and goes back to it.
  await goTo('/connections/Sandbox%20Tracker');
  await page.getByRole('tab', { name: 'Set-up' }).click();
  const own = page.getByTestId('engine-settings');
  await own.getByText(/Not set: 45, as in Settings\.$/).waitFor();
  await field('Time for an answer', own).fill('20');
  await button(own, 'Save').click();
  await own.getByText('Saved.', { exact: true }).waitFor();
  assert.equal((await set('Sandbox Tracker')).answerSeconds.value, 20);
  assert.equal((await set('Sandbox Chat')).answerSeconds.usual, 45);
  await own.scrollIntoViewIfNeeded();
  await clean(page, 'connection');
  await field('Time for an answer', own).fill('');
  await button(own, 'Save').click();
  await own.getByText('Saved.', { exact: true }).waitFor();
  assert.equal((await set('Sandbox Tracker')).answerSeconds.value, null);

  // Work that is given up: counted on Health, looked at, tried again, let go.
  await rpc('engine_settings_set', { values: { jobTries: 1 } });
  await rpc('sandbox_fault', { tool: 'tracker', fault: 'odd_data' });
  await rpc('sync_now', { name: 'Sandbox Tracker' });
  await goTo('/health');
  const upkeep = page.getByTestId('upkeep');
  await upkeep.waitFor();
  const given = async () => (await rpc('job_list', {})).jobs;
  for (let tries = 0; tries < 120 && (await given()).length === 0; tries += 1) await page.waitForTimeout(250);
  const [job] = await given();
  if (job !== undefined) {
    await page.getByTestId('upkeep-given-up').getByText(/^[1-9]/).waitFor({ timeout: 20_000 });
    await clean(page, 'health');
    await page.getByTestId('upkeep-given-up').getByRole('link').click();
    const rows = page.getByTestId('given-up-row');
    await rows.first().getByText(job.problem.title, { exact: true }).waitFor();
    await clean(page, 'given-up');
    const before = await rows.count();
    await rows.first().getByRole('button', { name: /^Let go: / }).click();
    await page.getByText(/: let go\.$/).waitFor();
    await page.waitForFunction((was) => document.querySelectorAll('[data-testid=given-up-row]').length < was, before);
  }
  assert.ok(job, 'odd data is given up');
  await rpc('sandbox_fault', { tool: 'tracker', fault: null });

  // What was done: found by words, by connection, by what; as a file.
  await goTo('/settings/audit');
  const acts = page.getByTestId('act');
  await acts.first().getByText('Given-up work let go', { exact: true }).waitFor();
  await clean(page, 'audit');
  await page.getByRole('textbox', { name: 'Search' }).fill('answerSeconds');
  await page.waitForFunction(() => [...document.querySelectorAll('[data-testid=act]')].length > 0 && [...document.querySelectorAll('[data-testid=act]')].every((act) => act.textContent.includes('Settings changed')));
  for (const [name, type] of [['As JSON', 'json'], ['As CSV', 'csv']]) {
    await button(page, 'Export').click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name, exact: true }).click();
    const file = await download;
    assert.match(file.suggestedFilename(), new RegExp(`^patchbay-audit-\\d{4}-\\d\\d-\\d\\d\\.${type}$`));
    await page.getByText(new RegExp(`acts are in patchbay-audit-.*\\.${type}\\.$`)).waitFor();
  }
  await page.getByRole('textbox', { name: 'Search' }).fill('nothing is called so');
  await page.getByText('Nothing matches these filters').waitFor();
  await button(page, 'Clear filters').click();
  await acts.first().waitFor();

  // A signal as the sample of a new chain.
  await rpc('connection_sync', { name: 'Sandbox Tracker' });
  const [signal] = (await rpc('signal_search', { filter: {} })).signals;
  await goTo(`/inbox/${signal.id}`);
  await button(page, 'Use as sample in a chain').click();
  await page.getByRole('menuitem', { name: 'New chain', exact: true }).click();
  const sample = page.getByTestId('chain-sample');
  await sample.getByText(new RegExp(`stands for what starts this chain`)).waitFor();
  await sample.getByText(signal.externalId, { exact: false }).first().waitFor();
  await clean(page, 'sample');
  await page.close();

  const dark = await open({ path: '/settings/audit', scheme: 'dark' });
  await dark.getByTestId('act').first().waitFor();
  await clean(dark, 'audit-dark');
  for (const [path, name] of [['/settings', 'settings-dark'], ['/health', 'health-dark'], ['/health/work/given-up', 'given-up-dark']]) {
    await dark.evaluate((to) => { location.hash = to; }, path);
    await dark.getByRole('heading', { level: 1 }).waitFor();
    await dark.waitForTimeout(300);
    await clean(dark, name);
  }
  await dark.setViewportSize({ width: 960, height: 640 });
  await clean(dark, 'narrow-dark');
});
