// Expired sign-in: Health says so at the next check, one notification, and four clicks lead out of it; the
// chain that uses the connection is the same as before.
import { assert, button, facts, rpc, token, url, walk } from './support.mjs';

const control = (path, body) => fetch(`${facts.sandbox}/control/${path}`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

/** What is told to a person who does not look, as the engine tells its hosts. */
const notices = [];
const stop = new AbortController();
const stream = await fetch(new URL('events', url), { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }, body: '{}', signal: stop.signal });
const listened = (async () => {
  let rest = '';
  for await (const part of stream.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split('\n');
    rest = lines.pop();
    for (const message of lines.filter(Boolean).map((line) => JSON.parse(line))) {
      if (Array.isArray(message)) notices.push(...message.filter((event) => event.event === 'noticed').map((event) => event.notice));
    }
  }
})().catch(() => undefined);

/** Signs in as Amira on the tracker's own page. */
async function consent(page, click) {
  const [tab] = await Promise.all([page.context().waitForEvent('page'), click()]);
  await tab.waitForURL(/127\.0\.0\.1/);
  await tab.getByRole('radio', { name: /Amira/ }).check();
  await tab.getByRole('button', { name: 'Allow', exact: true }).click();
  return tab;
}

await walk(async ({ open }) => {
  // A connection that somebody signed in for, and a chain that uses it.
  const page = await open({ path: '/catalogue/sandbox-tracker/connect' });
  const dialog = page.getByRole('dialog');
  const signIn = button(dialog, 'Sign in with Sandbox Tracker');
  await dialog.getByText('Advanced', { exact: true }).click();
  await dialog.getByLabel(/Service address/).fill(facts.access.trackerUrl);
  await dialog.getByRole('checkbox', { name: /private addresses/ }).check();
  await consent(page, () => signIn.click());
  await dialog.getByText(/Signed in as Amira/i).waitFor();
  const further = button(dialog, 'Continue');
  await further.click();
  await dialog.getByText('OK', { exact: true }).first().waitFor();
  await further.click();
  await button(dialog, 'Finish').click();
  await dialog.getByRole('button', { name: 'Close', exact: true }).first().click();
  const { connections: [{ name }] } = await rpc('connection_list', { offset: 0 });
  await rpc('chain_save', { id: null, chain: { schema: 1, name: 'Reads', steps: [{ id: 'issues', name: 'Read', connection: name, operation: 'list_issues' }] } });
  const { chains: [{ id, version }] } = await rpc('chain_list');

  // It ends at the service. The next check says so, once, however often it is checked.
  assert.equal((await control('faults', { tracker: [{ fault: 'expired' }] })).status, 204);
  await page.evaluate(() => { location.hash = '/health'; });
  const row = page.getByTestId('health-row').filter({ hasText: name });
  for (let check = 0; check < 3; check += 1) await rpc('health_check_now', { connection: name });
  await row.getByText('Error', { exact: true }).waitFor();
  // Words of a moment are gathered; what comes after the first is no second one.
  for (let wait = 0; wait < 60 && notices.length === 0; wait += 1) await page.waitForTimeout(250);
  await rpc('health_check_now', { connection: name });
  await page.waitForTimeout(1_500);
  assert.deepEqual(notices.map((notice) => JSON.stringify(notice).includes(name)), [true], `one notification: ${JSON.stringify(notices)}`);
  await control('faults', {});

  // Four clicks: the place that the notification opens, sign in, the service, done.
  await page.press(row.getByRole('link').first());
  const panel = page.getByTestId('health-panel');
  await panel.getByTestId('sentence').getByText(/sign-in has ended/).waitFor();
  await page.press(button(panel, 'Sign in again'));
  const tab = await consent(page, () => page.press(signIn));
  await dialog.getByText(/Done|Finish|Signed in/).first().waitFor();
  await row.getByText('Healthy', { exact: true }).waitFor();
  await tab.close();
  assert.ok(page.clicks() <= 4, `${page.clicks()} clicks`);
  await page.keyboard.press('Escape');

  // The chain was not touched, and runs.
  const after = (await rpc('chain_list')).chains;
  assert.deepEqual(after.map((chain) => [chain.id, chain.version]), [[id, version]]);
  await rpc('run_start', { chain: id, input: null, dryRun: false, queueOnly: false });
  const { report } = await rpc('run_wait', { run: 'last' }).then(() => rpc('run_report', { run: 'last' }));
  assert.equal(report.state, 'done', report.headline);
  console.log(`${page.clicks()} clicks`);
}, { expected: [/40\d/] });
stop.abort();
await listened;
