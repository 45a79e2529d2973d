// What is behind the connections: settings of the engine, work that was given up, what was done, a signal as
// the sample of a chain. axe finds nothing in any of it.
import { createServer } from 'node:http';

import { clean as axeClean } from './axe.mjs';
import { assert, button, rpc, walk } from './support.mjs';

const clean = (page, name) => axeClean(page, name, { prefix: 'upkeep-' });

/** A tool whose pages are at one address and nowhere else. */
const service = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://service');
  response.statusCode = pathname === '/items' || pathname === '/me' ? 200 : 404;
  response.setHeader('content-type', 'application/json');
  response.end(response.statusCode === 200 && pathname === '/items' ? JSON.stringify([{ id: 'a', at: '2026-11-20T10:00:00Z', title: 'One' }]) : '{}');
});
await new Promise((done) => service.listen(0, '127.0.0.1', done));
const address = `http://127.0.0.1:${service.address().port}`;
const definition = {
  id: 'desk', name: 'Desk', description: 'Items on a desk.', category: 'custom', version: '1.0.0', baseUrl: 'https://desk.example',
  streams: [{
    id: 'items', title: 'Items', request: { path: '/items' }, intervalSeconds: 3600,
    mapping: { itemsPath: '$[*]', idPath: '$.id', timestampPath: '$.at', summaryTemplate: '{{title}}', signalTypeRules: [], defaultSignalType: 'item' },
  }],
  operations: [], healthCheck: { request: { path: '/me' } },
};

await walk(async ({ open }) => {
  await rpc('sandbox_start');
  await rpc('descriptor_add', { file: 'desk.json', text: JSON.stringify(definition) });
  await rpc('connection_create', { connector: 'desk', name: 'Desk', config: { baseUrl: address }, secrets: {}, allowPrivate: true });
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
  await page.locator('input[aria-labelledby="st-log-level"]').first().click();
  await page.getByRole('option', { name: 'Warnings', exact: true }).click();
  await page.waitForFunction(() => [...document.querySelectorAll('input')].some((input) => input.value === 'Warnings'));
  assert.equal((await rpc('log_settings_show')).level, 'warn');

  // For one connection: it stands before everything, and goes back to it.
  await goTo('/connections/Sandbox%20Tracker');
  await page.getByRole('tab', { name: 'Set-up' }).click();
  const own = page.getByTestId('engine-settings');
  await own.getByText(/Otherwise 45, as in Settings\.$/).waitFor();
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
  await rpc('connection_set', { name: 'Desk', config: { baseUrl: `${address}/nowhere` } });
  await rpc('sync_now', { name: 'Desk' });
  await goTo('/health');
  const figure = page.getByTestId('upkeep-given-up');
  await figure.getByText(/^1/).waitFor({ timeout: 60_000 });
  assert.match(await page.getByTestId('upkeep-disk').innerText(), /\d (kB|MB)/);
  assert.match(await page.getByTestId('upkeep-connects').innerText(), /100%\u2069\s+\d of \d in 30 days/);
  await figure.scrollIntoViewIfNeeded();
  await clean(page, 'health');
  await figure.getByRole('link').click();
  const rows = page.getByTestId('given-up-row');
  const [job] = (await rpc('job_list', {})).jobs;
  await rows.getByText(job.problem.title, { exact: true }).waitFor();
  await clean(page, 'given-up');
  // Tried again it fails again; once what was wrong is mended, it goes well by itself and is gone from the list.
  await button(page, 'Try again: Read, Desk').or(button(page, 'Try again: First read, Desk')).click();
  await page.getByText(/: tried again now\.$/).waitFor();
  await rows.first().waitFor({ timeout: 60_000 });
  await rpc('connection_set', { name: 'Desk', config: { baseUrl: address } });
  await page.getByText('Nothing was given up', { exact: true }).waitFor({ timeout: 60_000 });
  await rpc('connection_set', { name: 'Desk', config: { baseUrl: `${address}/nowhere` } });
  await rpc('sync_now', { name: 'Desk' });
  await rows.getByRole('button', { name: /^Let go: / }).waitFor({ timeout: 60_000 });
  await rows.getByRole('button', { name: /^Let go: / }).click();
  await page.getByText(/: let go\.$/).waitFor();
  await page.getByText('Nothing was given up', { exact: true }).waitFor();
  assert.deepEqual((await rpc('job_list', {})).jobs, []);

  // What was done: found by words, by connection, by what; as a file.
  await goTo('/settings/audit');
  const acts = page.getByTestId('act');
  await acts.filter({ hasText: 'Given-up work let go' }).first().waitFor();
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
  for (const [path, name] of [['/settings', 'settings-dark'], ['/health', 'health-dark'], ['/health/jobs/given-up', 'given-up-dark']]) {
    await dark.evaluate((to) => { location.hash = to; }, path);
    await dark.getByRole('heading', { level: 1 }).waitFor();
    await dark.waitForTimeout(300);
    await clean(dark, name);
  }
  await dark.setViewportSize({ width: 960, height: 640 });
  await clean(dark, 'narrow-dark');
});
service.closeAllConnections();
service.close();
