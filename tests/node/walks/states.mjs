// What every page shows while it waits, where it cannot be read, where nothing matches, without a network and
// where what it shows is old: light and dark, and axe finds nothing.
import { assert, button, oneOfEach, rpc, walk } from './support.mjs';
import { clean } from './axe.mjs';
import { fourSteps } from './four_steps.mjs';

const { chain, run, signal } = await oneOfEach();

const failing = await rpc('chain_import', { chain: fourSteps({ wait: 2, tries: 2 }) });
/** A run with requests that were sent again, whose undo leaves something. */
async function halfUndone() {
  const { id } = await rpc('run_start', { chain: failing.id });
  for (let left = 100; (await rpc('run_report', { run: id })).report.steps[1].done === 0; left -= 1) {
    assert.ok(left > 0, 'two steps are done');
    await new Promise((done) => setTimeout(done, 100));
  }
  // The check has found it well.
  await rpc('sandbox_fault', { tool: 'chat', fault: 'down' });
  await rpc('run_wait', { run: id });
  await rpc('sandbox_fault', { tool: 'chat', fault: null });
  await rpc('run_undo', { run: id });
  await rpc('run_wait', { run: id });
  return id;
}

/** The address and the command that its main region reads. */
const PAGES = [
  ['/catalogue', 'catalogue_list'],
  ['/catalogue/github-issues', 'connector_show'],
  ['/connections', 'connection_list'],
  ['/connections/Sandbox%20Chat', 'connection_show'],
  ['/chains', 'chain_list'],
  [`/chains/${chain}`, 'chain_export'],
  ['/runs', 'run_list'],
  [`/runs/${run}`, 'run_report'],
  ['/inbox', 'signal_search'],
  [`/inbox/${signal}`, 'signal_show'],
  ['/health', 'health_overview'],
  ['/health/Sandbox%20Chat', 'health_detail'],
  ['/health/jobs/given-up', 'job_list'],
  ['/settings/network', 'network_show'],
  ['/settings/audit', 'audit_list'],
];
const SEARCHED = ['/catalogue', '/connections', '/chains', '/inbox', '/settings'];
const AWAY = { problem: { code: 'SERVICE_DOWN', title: 'It does not answer', hint: 'Nothing was changed.', retry: 'wait', params: {} } };

/** What is read beside the main region, which stays where that fails. */
const BESIDE = [
  ['/catalogue', 'connection_list', (page) => page.getByTestId('card').first()],
  ['/inbox', 'signal_kinds_list', (page) => page.locator('.ib-item').first()],
  ['/settings/audit', 'connection_list', (page) => page.getByRole('table').first()],
  ['/chains', 'template_list', (page) => page.getByText('New issue to team message').first()],
];

let looked = 0;
await walk(async ({ open }) => {
  for (const scheme of ['light', 'dark']) {
    const page = await open({ scheme, path: '/chains' });
    const look = async (name) => {
      await clean(page, `${scheme} ${name}`, { prefix: 'state-' });
      looked += 1;
    };
    /** What becomes of a command. */
    let held;
    let refused;
    await page.route('**/rpc', async (route) => {
      const { command } = route.request().postDataJSON() ?? {};
      if (command === held) return undefined;
      if (command === refused) return route.fulfill({ status: 409, contentType: 'application/json', body: JSON.stringify(AWAY) });
      return route.fallback();
    });
    /** Nothing that was read before stands in. */
    const begin = async (path) => {
      await page.evaluate((to) => { location.hash = to; }, path);
      await page.reload();
      await page.locator('.app').waitFor();
    };
    /** Presses what tries again. What happens meanwhile may have made it be read again before the button was reached. */
    const again = (told) =>
      told.getByRole('button', { name: 'Try again' }).click({ timeout: 4_000 }).catch(async (error) => {
        if ((await told.count()) > 0) throw error;
      });
    const failures = [];
    for (const [path, command] of PAGES) {
      held = command;
      await begin(path);
      const outline = page.locator('main [aria-busy=true]').first();
      await outline.waitFor({ timeout: 8_000 }).then(() => look(`loading ${path}`), () => failures.push(`${path} shows nothing while ${command} is waited for`));
      held = undefined;
      refused = command;
      await begin(path);
      const told = page.locator('main').getByTestId('problem').filter({ hasText: AWAY.problem.title }).first();
      await told.waitFor({ timeout: 8_000 }).then(async () => {
        await look(`error ${path}`);
        refused = undefined;
        await again(told);
        await told.waitFor({ state: 'detached', timeout: 8_000 });
      }).catch((error) => failures.push(`${path} says nothing of ${command} that failed, or has no way on: ${error.message.slice(0, 160)}`));
      refused = undefined;
    }
    for (const [path, command, main] of BESIDE) {
      // By the second time there are so many chains that none is offered to begin with.
      if (scheme === 'dark' && command === 'template_list') continue;
      refused = command;
      await begin(path);
      const told = page.locator('main').getByTestId('problem').filter({ hasText: AWAY.problem.title });
      await told.first().waitFor({ timeout: 8_000 }).then(async () => {
        assert.ok((await told.count()) <= 1, 'said once; not while it is read again');
        await main(page).waitFor();
        await look(`beside ${path}`);
        refused = undefined;
        await again(told);
        await told.waitFor({ state: 'detached', timeout: 8_000 });
      }).catch((error) => failures.push(`${path} says nothing of ${command} that failed beside, or has no way on: ${error.message.slice(0, 160)}`));
      refused = undefined;
    }
    // Which run's data is shown is asked first: that this failed is said too.
    refused = 'run_list';
    await begin(`/chains/${chain}`);
    await page.locator('[data-step]').first().click();
    await page.getByRole('tab', { name: 'Data' }).click();
    const unknown = page.locator('.panel').getByTestId('problem').filter({ hasText: AWAY.problem.title });
    await unknown.waitFor({ timeout: 8_000 }).catch(() => failures.push('the data of a step says nothing of runs that could not be read'));
    refused = undefined;
    for (const path of SEARCHED) {
      await begin(path);
      const search = page.locator('[data-page-search]').first();
      await search.waitFor({ timeout: 8_000 }).then(async () => {
        await search.fill('zzqqxx');
        const none = page.getByText(/Nothing matches/).first();
        await none.waitFor({ timeout: 8_000 });
        await look(`no match ${path}`);
        await button(page, 'Clear filters').first().click();
        await none.waitFor({ state: 'hidden', timeout: 8_000 });
        assert.equal(await search.inputValue(), '', path);
      }).catch((error) => failures.push(`${path} does not say that nothing matches, or cannot be cleared: ${error.message.slice(0, 160)}`));
      await search.fill('').catch(() => undefined);
    }
    await begin('/runs');
    await page.getByRole('combobox', { name: 'State' }).or(page.getByPlaceholder('Any state')).first().click();
    await page.getByRole('option', { name: 'Stopped' }).click();
    const none = page.getByText(/Nothing matches/).first();
    await none.waitFor();
    await look('no match /runs');
    await button(page, 'Clear filters').first().click();
    await page.getByRole('table', { name: 'Runs' }).waitFor();
    assert.deepEqual(failures, [], scheme);
    // A report with all that it can say.
    await begin(`/runs/${await halfUndone()}`);
    await page.getByRole('heading', { name: 'Sent again' }).waitFor();
    // From the last on: what unfolds brings folds of its own.
    for (const fold of (await page.locator('.run-fold > summary').all()).reverse()) await fold.click();
    await page.getByRole('table').filter({ hasText: 'p50 / p95 / p99' }).waitFor();
    await page.getByText(/2 changes were made, 1 was undone, 1 could not be undone/).waitFor();
    await look('report details');
    const byHand = page.getByRole('button', { name: 'I have done it by hand' });
    assert.equal(await button(page, 'Try again').count(), 0, 'what has no undo is not tried again');
    await byHand.click();
    await page.getByText('Undone by hand').first().waitFor();
    await look('undo by hand');
    // What is private is masked, field by field.
    await begin(`/chains/${chain}`);
    await page.locator('[data-step]').first().click();
    await page.getByRole('tab', { name: 'Data' }).click();
    const out = page.getByRole('region', { name: 'Out' });
    await out.getByText('Tree', { exact: true }).click();
    await out.getByRole('button', { name: 'Show what is in author' }).first().click();
    const mask = out.getByRole('button', { name: 'Show email, which is private' });
    await mask.first().waitFor();
    const masks = await mask.count();
    assert.equal((await out.textContent()).includes('@'), false, 'no address is there to be read');
    await look('private');
    await mask.first().click();
    await out.getByText(/@/).first().waitFor();
    assert.equal(await mask.count(), masks - 1, 'one is shown');
    await page.locator('.page-head').getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'How its steps do' }).click();
    await page.getByRole('table').filter({ hasText: 'Send a message' }).waitFor();
    await look('figures');
    // What was there stays, with how old it is, until it can be read again.
    await begin('/chains');
    const name = page.getByText('New issue to team message').first();
    await name.waitFor();
    assert.equal((await page.getByTestId('stale').textContent()).trim(), '', 'what was just read is not old');
    refused = 'chain_list';
    await rpc('chain_import', { chain: { schema: 1, name: `Made elsewhere ${scheme}`, steps: [{ id: 'wait', logic: { type: 'wait', seconds: 1 } }] } });
    const stale = page.getByTestId('stale').filter({ hasText: /Updated/ });
    await stale.waitFor();
    assert.ok(await name.isVisible(), 'saved data is shown');
    await look('stale');
    refused = undefined;
    await stale.getByRole('button', { name: 'Try again' }).click();
    await page.getByText(`Made elsewhere ${scheme}`).first().waitFor();
    assert.equal((await page.getByTestId('stale').textContent()).trim(), '');
    await page.evaluate(() => {
      Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false });
      window.dispatchEvent(new Event('offline'));
    });
    await page.getByTestId('offline').waitFor();
    for (const [path] of PAGES) {
      await page.evaluate((to) => { location.hash = to; }, path);
      await page.locator('main h1, main h2').first().waitFor();
      await look(`offline ${path}`);
    }
    await page.close();
  }
}, { expected: [/409/, /status of 4/] });
console.log(`${looked} looked at`);
assert.equal(looked, 2 * (PAGES.length * 3 + BESIDE.length + SEARCHED.length + 6) - 1);
