// Signing in with the pretend tracker, as a person does: the consent page is read and clicked in a tab
// of its own. Each state is looked at in light and dark, and each ends in a way forward.
import { SHOTS, violations } from './axe.mjs';
import { assert, button, facts, focused, rpc, walk } from './support.mjs';

const looked = new Set();

/** Looks at a state: no finding of axe, and nothing runs over the side. */
async function clean(page, name) {
  const { scheme, narrow } = page.look;
  await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().iterations === Infinity));
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/sign-in-${name}-${scheme}${narrow ? '-narrow' : ''}.png` });
  // What lies half under the row of buttons is reached by scrolling: nothing does in a tall window.
  const size = page.viewportSize();
  await page.setViewportSize({ ...size, height: 2_000 });
  const found = await violations(page);
  await page.setViewportSize(size);
  assert.deepEqual(found.map((v) => `${v.id}: ${v.nodes[0].target} ${v.nodes[0].failureSummary}`), [], `${name}, ${scheme}`);
  const wide = await page.evaluate(() => [document.documentElement, document.querySelector('.mantine-Modal-content')].some((at) => at && at.scrollWidth > at.clientWidth));
  assert.ok(!wide, `${name}, ${scheme}: nothing runs over the side`);
  looked.add(`${name} ${scheme}`);
}

/** What the tracker does with whoever comes; `{}` asks them. */
async function tracker(settings) {
  const answer = await fetch(`${facts.sandbox}/control/oauth`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(settings) });
  assert.equal(answer.status, 204);
}

const phase = (dialog, name) => dialog.locator(`[data-phase=${name}]`);
const signInButton = (dialog) => button(dialog, 'Sign in with Sandbox Tracker');

/** Opens the wizard and points it at the tracker of this walk. */
async function wizard(page, way) {
  await page.evaluate(() => { location.hash = '/catalogue'; });
  await page.getByRole('heading', { level: 1, name: 'Catalogue' }).waitFor();
  await page.evaluate(() => { location.hash = '/catalogue/sandbox-tracker/connect'; });
  const dialog = page.getByRole('dialog');
  if (way) await dialog.getByRole('radio', { name: way }).check();
  await dialog.getByText('Advanced', { exact: true }).click();
  await dialog.getByLabel(/Service address/).fill(facts.access.trackerUrl);
  await dialog.getByRole('checkbox', { name: /private addresses/ }).check();
  return dialog;
}

/** Clicks, and gives the tab that opens. */
async function tabOf(page, click) {
  const [tab] = await Promise.all([page.context().waitForEvent('page'), click()]);
  tab.setDefaultTimeout(15_000);
  await tab.waitForURL(/127\.0\.0\.1/);
  return tab;
}

/** Where the answer to a page that asks for consent goes. */
const listener = (tab) => new URL(tab.url()).searchParams.get('redirect_uri');

/** Waits until nobody takes answers there any more. */
async function gone(address, after) {
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    if (!(await fetch(address).then(() => true, () => false))) return;
    await new Promise((done) => { setTimeout(done, 50); });
  }
  assert.fail(`somebody still listens, ${after}`);
}

/** Answers the consent page as somebody. */
async function answer(tab, who, allow = true) {
  if (who) await tab.getByRole('radio', { name: who }).check();
  await tab.getByRole('button', { name: allow ? 'Allow' : 'Do not allow', exact: true }).click();
}

/** Chooses everything, or only what reads. */
async function choose(dialog, everything) {
  const asked = dialog.getByRole('region', { name: 'What we ask for' });
  if ((await asked.getByRole('checkbox').count()) === 0) await dialog.getByText('Choose what it may do').click();
  const boxes = await asked.getByRole('checkbox').all();
  assert.ok(boxes.length > 6, `${boxes.length} things to choose among`);
  for (const box of boxes) {
    const name = await box.evaluate((at) => at.labels[0].textContent);
    await box.setChecked(everything || !name.includes('Write'));
  }
}

async function discard(page) {
  await page.keyboard.press('Escape');
  await button(page, 'Discard').click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function everyState(page, scheme) {
  // Ready, and what is asked for follows from what is chosen.
  let dialog = await wizard(page);
  await clean(page, 'ready');
  assert.ok(await dialog.getByRole('radio', { name: /Sign in with Tracker/ }).isChecked(), 'the simplest way is chosen');
  assert.match(await dialog.innerText(), /We will open 127\.0\.0\.1:\d+ in your browser/);
  const asked = dialog.getByRole('region', { name: 'What we ask for' });
  assert.match(await asked.innerText(), /Create and close issues/);
  await choose(dialog, false);
  assert.doesNotMatch(await asked.innerText().then((text) => text.split('Choose what it may do')[0]), /Create and close issues/);
  await clean(page, 'chosen');

  // Waiting; what was chosen is all that is asked for.
  let tab = await tabOf(page, () => signInButton(dialog).click());
  await phase(dialog, 'waiting').waitFor();
  assert.equal(await signInButton(dialog).count(), 0, 'no second button while one is waited for');
  assert.match(await dialog.getByRole('timer').innerText(), /^[45]:\d\d$/);
  await clean(page, 'waiting');
  assert.equal(new URL(tab.url()).searchParams.get('scope'), 'issues:read');
  await button(dialog, 'Copy link').click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), tab.url());
  assert.equal(await tab.evaluate(() => opener), null, 'the page has no way back to ours');

  // A stranger's answer is refused and told; the wait goes on.
  const stranger = await page.context().newPage();
  await stranger.goto(`${new URL(tab.url()).searchParams.get('redirect_uri')}?code=stolen&state=wrong`);
  await stranger.close();
  await page.bringToFront();
  await dialog.getByText(/Something else answered/).waitFor();
  await dialog.getByText('Details', { exact: true }).click();
  await dialog.getByText(/it answers another sign-in/).waitFor();
  await clean(page, 'foreign');

  // Cancelled: the form is as it was, and nobody listens any more.
  let back = listener(tab);
  await button(dialog, 'Cancel sign-in').click();
  await signInButton(dialog).waitFor();
  assert.match(await dialog.getByLabel(/Service address/).inputValue(), /tracker$/);
  await gone(back, 'cancelled');
  await tab.close();

  // Not approved.
  tab = await tabOf(page, () => signInButton(dialog).click());
  back = listener(tab);
  await answer(tab, undefined, false);
  await dialog.getByText('Sandbox Tracker says you did not approve').waitFor();
  await tab.getByText(/close this tab/i).waitFor();
  assert.match(await dialog.innerText(), /Nothing was saved/);
  await clean(page, 'denied');
  await gone(back, 'denied');
  await tab.close();

  // Again from there, at once.
  tab = await tabOf(page, () => button(dialog, 'Try again').click());
  await phase(dialog, 'waiting').waitFor();
  await tab.close();
  await button(dialog, 'Cancel sign-in').click();

  // With everything; the service grants less.
  await choose(dialog, true);
  await tracker({ granted: ['issues:read'] });
  tab = await tabOf(page, () => signInButton(dialog).click());
  await answer(tab, /Amira/);
  await phase(dialog, 'fewer').waitFor();
  assert.match(await dialog.innerText(), /granted less[\s\S]*Create issue/);
  await clean(page, 'fewer');
  await button(dialog, 'Continue without these').click();
  await phase(dialog, 'done').waitFor();
  assert.match(await dialog.innerText(), /Signed in as Amira[\s\S]*These will not work: .*Create issue/i);
  await tab.close();

  // Somebody else after all; this time with more than was asked for.
  await tracker({ granted: ['issues:read', 'issues:write'] });
  await button(dialog, 'Start over').click();
  await choose(dialog, false);
  tab = await tabOf(page, () => signInButton(dialog).click());
  await answer(tab, /Noor/);
  await dialog.getByText(/Signed in as Noor/i).waitFor();
  assert.match(await dialog.innerText(), /More was granted than we asked for: issues:write/);
  await clean(page, 'beyond');
  await tab.close();
  await tracker({});
  tab = await tabOf(page, () => button(dialog, 'Not you? Switch account').click());
  assert.equal(new URL(tab.url()).searchParams.get('prompt'), 'select_account');
  back = listener(tab);
  await answer(tab, /Amira/);
  await dialog.getByText(/Signed in as Amira/i).waitFor();
  await gone(back, 'signed in');
  await clean(page, 'signed-in');
  await focused(button(dialog, 'Continue'), 'the way on has the focus');
  await tab.close();

  // What the sign-in was made with changes: it does not count until it is changed back.
  await button(dialog, 'Continue').click();
  await dialog.getByText('OK', { exact: true }).first().waitFor();
  await button(dialog, 'Back').click();
  await dialog.getByText(/Signed in as Amira/i).waitFor();
  await discard(page);

  // Little time, and none: only the clock is another one.
  dialog = await wizard(page);
  let meddled;
  await page.route('**/rpc', async (route) => {
    const { command } = route.request().postDataJSON();
    if (command === 'sign_in_approve') return route.fulfill({ json: { response: null } });
    if (command !== 'sign_in_show' || !meddled) return route.continue();
    const answered = await route.fetch();
    const body = await answered.json();
    Object.assign(body.response, meddled);
    return route.fulfill({ response: answered, json: body });
  });
  tab = await tabOf(page, () => signInButton(dialog).click());
  // A page that nobody sees is not asked for again and again.
  await page.bringToFront();
  meddled = { secondsLeft: 42 };
  await button(dialog, 'Keep waiting 5 more minutes').waitFor();
  await clean(page, 'nearly-out');
  const extended = page.waitForRequest((request) => request.url().endsWith('/rpc') && request.postDataJSON().command === 'sign_in_extend');
  await button(dialog, 'Keep waiting 5 more minutes').click();
  await extended;
  meddled = undefined;
  await button(dialog, 'Keep waiting 5 more minutes').waitFor({ state: 'detached' });
  assert.match(await dialog.getByRole('timer').innerText(), /^[45]:\d\d$/);
  // The sign-in leads to an address that nobody has seen: nothing goes there before that is all right.
  const address = 'https://acme.tracker.example';
  meddled = { stage: 'approving', brought: [address] };
  await phase(dialog, 'approving').waitFor();
  await dialog.getByText(address).waitFor();
  await clean(page, 'brought');
  const approved = page.waitForRequest((request) => request.url().endsWith('/rpc') && request.postDataJSON().command === 'sign_in_approve');
  await button(dialog, 'Use this address').click();
  assert.deepEqual((await approved).postDataJSON().request.origins, [address]);
  meddled = undefined;
  await phase(dialog, 'waiting').waitFor();
  const timedOut = { code: 'SIGN_IN_TIMED_OUT', title: 'We heard nothing from Sandbox Tracker', hint: 'We waited and nobody came back.', fix: { label: 'Try again', action: 'reconnect' } };
  meddled = { stage: 'failed', secondsLeft: 0, problem: timedOut };
  await dialog.getByText('We heard nothing from Sandbox Tracker').waitFor();
  await clean(page, 'timed-out');
  meddled = undefined;
  await tab.close();
  // A link instead of a page.
  await button(dialog, 'Copy link').click();
  await phase(dialog, 'not_opened').waitFor();
  await clean(page, 'not-opened');
  const link = await dialog.getByLabel('Link', { exact: true }).inputValue();
  tab = await page.context().newPage();
  await tab.goto(link);
  await answer(tab, /Amira/);
  await dialog.getByText(/Signed in as Amira/i).waitFor();
  await tab.close();
  await page.unroute('**/rpc');
  await discard(page);

  // The browser blocks what would open: the link is there.
  dialog = await wizard(page);
  await page.evaluate(() => { window.opens = window.open; window.open = () => null; });
  await signInButton(dialog).click();
  await phase(dialog, 'not_opened').waitFor();
  await page.evaluate(() => { window.open = window.opens; });
  tab = await tabOf(page, () => button(dialog, 'Open the page').click());
  await phase(dialog, 'waiting').waitFor();
  back = listener(tab);
  await tab.close();

  // Closing asks first, and ends the wait.
  await page.keyboard.press('Escape');
  await clean(page, 'stop');
  await button(page, 'Keep editing').click();
  await phase(dialog, 'waiting').waitFor();
  await discard(page);
  await gone(back, 'closed');

  // A service that is not there at all.
  dialog = await wizard(page);
  await dialog.getByLabel(/Service address/).fill('http://127.0.0.1:9/tracker');
  await signInButton(dialog).click();
  await dialog.getByTestId('problem').waitFor();
  await clean(page, 'not-reached');
  await dialog.getByLabel(/Service address/).fill(facts.access.trackerUrl);

  // Without a network a page elsewhere cannot open, one on this computer can.
  await page.evaluate(() => { Object.defineProperty(navigator, 'onLine', { configurable: true, value: false }); window.dispatchEvent(new Event('offline')); });
  assert.ok(await signInButton(dialog).isEnabled());
  await dialog.getByLabel(/Service address/).fill('https://tracker.example');
  await dialog.getByText(/seem to be offline/).waitFor();
  assert.ok(await signInButton(dialog).isDisabled());
  await clean(page, 'offline');
  await page.evaluate(() => { Object.defineProperty(navigator, 'onLine', { configurable: true, value: true }); window.dispatchEvent(new Event('online')); });
  await dialog.getByText(/seem to be offline/).waitFor({ state: 'detached' });
  assert.ok(await signInButton(dialog).isEnabled());
  await discard(page);

  // A code for another device.
  await tracker({ deviceInterval: 1 });
  dialog = await wizard(page, /with a code/);
  await clean(page, 'device-ready');
  await button(dialog, 'Get a code').click();
  await phase(dialog, 'device').waitFor();
  await clean(page, 'device');
  const code = await dialog.locator('.cw-code').innerText();
  tab = await page.context().newPage();
  await tab.goto(`${facts.access.trackerUrl}/oauth/device`);
  await tab.getByLabel('Code').fill(code);
  await tab.getByRole('button', { name: 'Go on' }).click();
  await answer(tab, /Noor/);
  await dialog.getByText(/Signed in as Noor/i).waitFor();
  await tab.close();
  await discard(page);
  await tracker({});

  // An application of one's own is registered first: what to register is there to be copied.
  await page.evaluate(() => { location.hash = '/catalogue/slack/connect'; });
  await dialog.getByRole('radio', { name: 'Sign in as yourself' }).check();
  await dialog.getByRole('button', { name: 'Where do I find this?' }).waitFor();
  assert.equal(await dialog.getByLabel('Redirect URI 1').inputValue(), 'http://localhost:42871/callback');
  await dialog.getByRole('region', { name: /Register these addresses/ }).getByRole('button', { name: 'Copy', exact: true }).nth(2).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'http://localhost:42873/callback');
  await clean(page, 'own-application');
  await button(dialog, 'Sign in with Slack').click();
  await dialog.getByText('This is needed.').waitFor();
  // What is missing gets the focus, a moment later.
  await dialog.getByLabel(/Client ID/i).and(dialog.locator(':focus')).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  // The channel is asked for after the sign-in, which comes about without it.
  const begun = await rpc('sign_in_begin', { connector: 'slack', auth: 'oauth', config: {}, secrets: { clientId: '1.2' }, allowPrivate: false, chooseAccount: false, noBrowser: true });
  assert.match(begun.redirectUri, /^http:\/\/localhost:4287[123]\/callback$/);
  await rpc('sign_in_cancel', { id: begun.id });
  console.log(`${scheme}: ${looked.size} states`);
}

/** 960 wide at 200 %: what is widest. */
async function narrow(page) {
  let dialog = await wizard(page);
  await choose(dialog, false);
  await clean(page, 'chosen');
  const tab = await tabOf(page, () => signInButton(dialog).click());
  await phase(dialog, 'waiting').waitFor();
  await clean(page, 'waiting');
  await tab.close();
  await discard(page);
  dialog = await wizard(page, /with a code/);
  await button(dialog, 'Get a code').click();
  await phase(dialog, 'device').waitFor();
  await clean(page, 'device');
  await discard(page);
}

/** A connection may be read at this moment. */
const atRest = (state) => (state === 'active' ? 'connected' : state);

await walk(
  async ({ open }) => {
    // The way that most go: 5 clicks here, 1 in the browser.
    const page = Object.assign(await open({ path: '/catalogue' }), { look: { scheme: 'light' } });
    let dialog = await wizard(page);
    let tab = await tabOf(page, () => page.press(signInButton(dialog)));
    await answer(tab, /Amira/);
    await dialog.getByText(/Signed in as Amira/i).waitFor();
    await tab.close();
    await page.press(button(dialog, 'Continue'));
    await dialog.getByText('OK', { exact: true }).first().waitFor();
    await page.press(button(dialog, 'Continue'));
    await page.press(button(dialog, 'Finish'));
    await dialog.getByText('What next').waitFor();
    assert.ok(page.clicks() <= 4, `${page.clicks()} clicks, and one that opened the wizard`);
    await clean(page, 'made');
    const [made] = (await rpc('connection_list', { offset: 0, limit: 10 })).connections;
    assert.deepEqual([made.auth, atRest(made.state), made.scopes], ['oauth', 'connected', ['issues:read', 'issues:write']]);
    assert.match(made.account.label, /Amira/i);
    assert.ok(!(await page.evaluate(() => document.documentElement.outerHTML + JSON.stringify(localStorage) + JSON.stringify(sessionStorage))).includes('sandbox-access'), 'no token comes to the page');

    // What there is, is offered.
    await page.keyboard.press('Escape');
    dialog = await wizard(page);
    await dialog.getByText(/You are connected as .*Amira.* already/i).waitFor();
    await clean(page, 'known');
    await button(dialog, 'Another account').click();
    await dialog.getByText(/You are connected as/).waitFor({ state: 'detached' });
    await discard(page);

    // The sign-in ends at the service; its page says so, and whose it is.
    await fetch(`${facts.sandbox}/control/oauth/grants`, { method: 'DELETE' });
    await rpc('connection_test', { name: made.name });
    await page.evaluate((name) => { location.hash = `/connections/${encodeURIComponent(name)}`; }, made.name);
    await page.getByText('Create and close issues, write and delete comments').waitFor();
    await clean(page, 'connection');
    await page.getByTestId('problem').getByRole('button', { name: 'Sign in', exact: true }).click();
    await dialog.getByText(/This connection belongs to .*Amira/i).waitFor();
    await clean(page, 'again');

    // Somebody else signs in: asked, and then used.
    tab = await tabOf(page, () => signInButton(dialog).click());
    await answer(tab, /Noor/);
    await phase(dialog, 'other_account').waitFor();
    await tab.close();
    assert.match(await dialog.innerText(), /You signed in as .*Noor[\s\S]*belongs to .*Amira[\s\S]*Chains would start using .*Noor/i);
    await clean(page, 'other-account');
    assert.match((await rpc('connection_show', { name: made.name })).account.label, /Amira/i, 'nothing changed yet');
    tab = await tabOf(page, () => dialog.getByRole('button', { name: /^Sign in as .*Amira/i }).click());
    assert.equal(new URL(tab.url()).searchParams.get('prompt'), 'select_account');
    await answer(tab, /Noor/);
    await phase(dialog, 'other_account').waitFor();
    await tab.close();
    await dialog.getByRole('button', { name: /^Use .*Noor.* instead/i }).click();
    await dialog.getByText(/is signed in again/).waitFor();
    await clean(page, 'reconnected');
    await button(dialog, 'Close').last().click();
    const after = await rpc('connection_show', { name: made.name });
    assert.deepEqual([after.id, atRest(after.state)], [made.id, 'connected']);
    assert.match(after.account.label, /Noor/i);

    // The same person again: no question, from the menu and without any problem.
    await page.getByRole('button', { name: /Actions|More/ }).last().click();
    await page.getByRole('menuitem', { name: 'Sign in again' }).click();
    tab = await tabOf(page, () => signInButton(dialog).click());
    await answer(tab, /Noor/);
    await dialog.getByText(/is signed in again/).waitFor();
    await tab.close();
    await button(dialog, 'Close').last().click();
    await rpc('connection_disconnect', { name: made.name, withSignals: true });
    await page.context().close();

    for (const scheme of ['light', 'dark']) {
      const page = Object.assign(await open({ scheme, path: '/catalogue' }), { look: { scheme } });
      await everyState(page, scheme);
      await page.context().close();
    }
    await narrow(Object.assign(await open({ width: 960, height: 640, zoom: 2, path: '/catalogue' }), { look: { scheme: 'light', narrow: true } }));
  },
  { expected: [/ERR_/] },
);
