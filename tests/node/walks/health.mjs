// Health: nothing yet, all well, a service that is down, one that refuses the key (walk 5). What is
// shown equals what the sandbox counted, and axe finds nothing in any of it.
import { clean as axeClean } from './axe.mjs';
import { assert, button, rpc, walk } from './support.mjs';

const clean = (page, name) => axeClean(page, name, { prefix: 'health-' });

/** What the sandbox counted itself. */
let counters;

await walk(async ({ open }) => {
  const page = await open({ path: '/health' });
  await page.getByText(/^Nothing to watch yet/).waitFor();
  await clean(page, 'empty');
  await button(page, 'Try the sandbox').click();
  const row = (name) => page.getByTestId('health-row').filter({ hasText: name });
  await row('Sandbox Chat').waitFor();
  const { origins } = await rpc('connection_show', { name: 'Sandbox Chat' });
  counters = async () => (await fetch(`${origins[0]}/control/counters`)).json();

  // Every request is one that the sandbox counted, those that nobody asked for too: whatever is read
  // or checked meanwhile, what was counted here and there stays as far apart as it was.
  const calls = (overview) => overview.connections.reduce((sum, one) => sum + one.calls, 0);
  const apart = async () => calls(await rpc('health_overview', {})) - (await counters()).requests;
  let first = await apart();
  const inStep = async () => {
    for (let wait = 0; wait < 40 && (await apart()) !== first; wait += 1) await page.waitForTimeout(250);
    assert.equal(await apart(), first, 'Health shows as many calls as the sandbox counted');
  };
  const before = await rpc('health_overview', {});
  await button(page, 'Check all now').click();
  await page.getByText('3 connections checked', { exact: true }).waitFor({ state: 'attached' });
  await row('Sandbox Tracker').getByText('Healthy', { exact: true }).waitFor();
  await row('Sandbox Chat').getByText('Healthy', { exact: true }).waitFor();
  const after = await rpc('health_overview', {});
  await inStep();
  assert.ok(calls(after) - calls(before) >= 3, 'each was checked');
  await page.getByTestId('all-good').getByText('Everything is healthy.').waitFor();
  // The sandbox is labelled and in no sum.
  assert.equal(await page.locator('.hl-table .tag', { hasText: 'Sandbox' }).count(), 3);
  assert.match(await page.getByTestId('figure-calls').innerText(), /–\s+No calls yet/);
  assert.match(await page.locator('.hl-apart').innerText(), /^3 sandbox connections/);
  await clean(page, 'good');

  // One that is in the sums: the same service under a definition of the user's own.
  const access = await (await fetch(`${origins[0]}/control/access`)).json();
  const { text } = await rpc('descriptor_text', { connector: 'sandbox-chat' });
  await rpc('descriptor_add', { file: 'team-chat.json', text: text.replace('"sandbox-chat"', '"team-chat"').replace('"Sandbox Chat"', '"Team Chat"') });
  await rpc('connection_create', { connector: 'team-chat', name: 'Team Chat', config: { baseUrl: access.chatUrl }, secrets: { key: access.chatKey }, allowPrivate: true });
  // What tries a connection belongs to none yet.
  first = await apart();
  for (let check = 0; check < 4; check += 1) await rpc('health_check_now', { connection: 'Team Chat' });
  await inStep();
  // It may be checked by itself meanwhile; figure and chart say the same.
  const made = await page.waitForFunction(() => {
    const shown = Number(/(\d+) calls/.exec(document.querySelector('[data-testid=figure-calls]')?.textContent ?? '')?.[1] ?? 0);
    return shown >= 4 && document.querySelector('[data-testid=chart]')?.getAttribute('aria-label')?.endsWith(`; 0 of ${shown} calls failed.`) ? shown : false;
  });
  assert.ok([4, 5].includes(await made.jsonValue()), `${await made.jsonValue()} calls for 4 checks`);
  assert.match(await page.getByTestId('figure-calls').innerText(), /100%/);
  const picture = page.getByTestId('chart');
  assert.match(await picture.getAttribute('aria-label'), /^Response time over 24 hours: .+; 0 of \d+ calls failed\.$/);
  await picture.locator('canvas').waitFor();
  await clean(page, 'chart');

  // Walk 5: the key is refused. One check later the page says so, in words, with the way on.
  await rpc('sandbox_fault', { tool: 'chat', fault: 'expired' });
  const started = page.clicks();
  await rpc('health_check_now', { connection: 'Sandbox Chat' });
  await row('Sandbox Chat').getByText('Error', { exact: true }).waitFor();
  await page.getByRole('link', { name: /^Health/ }).getByLabel('1 sandbox connection needs attention').waitFor();
  assert.equal(await page.getByTestId('health-row').first().getByRole('link').innerText(), 'Sandbox Chat', 'the worst is first');
  await page.press(row('Sandbox Chat').getByRole('link'));
  const panel = page.getByTestId('health-panel');
  await panel.getByTestId('sentence').getByText(/^Error since .+: the sign-in has ended\./).waitFor();
  await panel.getByTestId('failures').getByText(/did not accept the key/).waitFor();
  await clean(page, 'error');
  await rpc('sandbox_fault', { tool: 'chat', fault: null });
  await page.press(button(panel, 'Sign in again'));
  const dialog = page.getByRole('dialog');
  await dialog.locator('input[type=password]').first().fill(access.chatKey);
  await page.press(dialog.getByRole('button', { name: 'Continue', exact: true }));
  await dialog.getByText('OK', { exact: true }).first().waitFor();
  await page.press(dialog.getByRole('button', { name: 'Continue', exact: true }));
  await page.press(dialog.getByRole('button', { name: 'Finish', exact: true }));
  await row('Sandbox Chat').getByText('Healthy', { exact: true }).waitFor();
  // One more than with a sign-in: a key is tried before it replaces the old one.
  assert.ok(page.clicks() - started <= 5, `${page.clicks() - started} clicks`);
  await dialog.getByRole('button', { name: 'Close', exact: true }).first().click();
  await panel.locator('.hl-timeline').getByText('Error', { exact: true }).waitFor();

  // Down: the circuit opens after five faults, which the sandbox counted; it says why and until when.
  await rpc('sandbox_fault', { tool: 'chat', fault: 'down' });
  const refused = (await counters()).requests;
  for (let check = 0; check < 3; check += 1) await rpc('health_check_now', { connection: 'Sandbox Chat' });
  await panel.getByText(/^Open, next try in \u2066\d+ (s|min)\u2069$/).waitFor();
  const shown = (await rpc('health_overview', {})).connections.find((one) => one.name === 'Sandbox Chat');
  assert.deepEqual([shown.health, shown.healthy, shown.details.apiAccessible, shown.details.authValid], ['error', false, false, true]);
  assert.ok((await counters()).requests - refused >= 3, 'each was sent');
  assert.match(shown.circuitWhy, /not answering|has a problem|down/i);
  // Three, and the one of before; more where the engine has looked by itself.
  const failed = shown.checks.reduce((sum, bar) => sum + bar.failed, 0);
  assert.ok(failed >= 4, `${failed} failed`);
  await row('Sandbox Chat').getByRole('img', { name: new RegExp(`and ${failed} failed in 24 hours$`) }).first().waitFor();
  await button(page, 'Show as table').click();
  await page.locator('.hl-points').waitFor();
  await clean(page, 'open');
  await button(page, 'Show as chart').click();
  await rpc('sandbox_fault', { tool: 'chat', fault: null });
  await button(panel, 'Reset circuit').click();
  await panel.getByText('Closed', { exact: true }).waitFor();

  // Problems only; narrow; dark.
  await page.getByRole('switch', { name: 'Problems only' }).click();
  assert.equal(await page.getByTestId('health-row').count(), 1);
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 960, height: 640 });
  await clean(page, 'narrow');
  assert.equal(await page.evaluate(() => document.querySelector('.page-scroll').scrollWidth <= document.querySelector('.page-scroll').clientWidth), true, 'nothing scrolls sideways');
  await page.getByRole('switch', { name: 'Problems only' }).click();
  for (const range of ['1 h', '7 d', '24 h']) await page.getByText(range, { exact: true }).click();
  await page.close();

  const dark = await open({ path: '/health/Sandbox%20Chat', scheme: 'dark' });
  await dark.getByTestId('health-panel').waitFor();
  await clean(dark, 'dark');
}, { expected: [/50\d/] });
