// Every route survives an answer that nobody expected: what broke says so in its place, with a way on;
// the frame, the other pages and the page itself, once the answer is right again, work.
import { assert, button, oneOfEach, walk } from './support.mjs';
import { clean } from './axe.mjs';

const { chain, run, signal } = await oneOfEach();

/** The address, the command whose answer is bent, the bent answer, and what is there when it is not. */
const ROUTES = [
  ['/catalogue', 'catalogue_list', { connectors: [null], problems: [] }, (page) => page.getByTestId('card').first()],
  ['/catalogue/github-issues', 'connector_show', {}, (page) => page.locator('.panel').getByRole('heading', { name: 'GitHub Issues' })],
  ['/connections', 'connection_list', { connections: [null], total: 1 }, (page) => page.getByRole('link', { name: 'Sandbox Chat' }).first()],
  ['/connections/Sandbox%20Chat', 'connection_show', {}, (page) => page.getByRole('tab', { name: 'Overview' })],
  ['/chains', 'chain_list', { chains: [null] }, (page) => page.getByText('New issue to team message').first()],
  [`/chains/${chain}`, 'chain_export', { id: chain, version: 1, chain: { name: 'x', steps: [null], trigger: { type: 'manual' } } }, (page) => button(page, 'Check')],
  ['/runs', 'run_list', { runs: [null], total: 1 }, (page) => page.getByRole('table', { name: 'Runs' })],
  [`/runs/${run}`, 'run_report', { report: {} }, (page) => page.getByRole('heading', { name: 'Steps' })],
  ['/inbox', 'signal_search', { signals: [null], unread: 0, matching: 1 }, (page) => page.locator('.ib-item').first()],
  [`/inbox/${signal}`, 'signal_show', {}, (page) => page.locator('.panel').getByRole('heading').first()],
  ['/health', 'health_overview', { connections: [null] }, (page) => page.getByTestId('health-row').first()],
  ['/health/Sandbox%20Chat', 'health_detail', {}, (page) => page.getByTestId('sentence')],
  ['/health/jobs/given-up', 'job_list', { jobs: [null] }, (page) => page.getByRole('heading', { level: 1, name: 'Work given up' })],
  ['/settings', 'secrets_status', {}, (page) => page.getByTestId('secret-store')],
  ['/settings/audit', 'audit_list', { acts: [null] }, (page) => page.getByRole('table').first()],
];

/** What the frame around the pages reads. */
const FRAME = [
  ['health', { connections: 5 }],
  ['workspace_list', {}],
  ['secrets_status', {}],
  ['queue_stats', { queues: 5 }],
  ['gateway_show', {}],
];

let broke = 0;
await walk(async ({ open }) => {
  const page = await open({ path: '/chains' });
  await page.getByText('New issue to team message').first().waitFor();
  const { url, token } = JSON.parse(process.env.WALK);
  /** Answers a command so, and begins anew: nothing that was read before stands in. */
  const bend = async (command, response, path) => {
    await page.route('**/rpc', (route) => {
      const asked = JSON.parse(route.request().postData() ?? '{}').command;
      return asked === command ? route.fulfill({ contentType: 'application/json', body: JSON.stringify({ response }) }) : route.fallback();
    });
    await page.goto('about:blank');
    await page.goto(`${url}#token=${token}`);
    await page.locator('.app').waitFor();
    await page.evaluate((to) => { location.hash = to; }, path);
  };
  for (const [path, command, bent, whole] of ROUTES) {
    await bend(command, bent, path);
    const told = page.getByText('This part stopped working').first();
    await told.waitFor({ timeout: 10_000 }).catch(() => assert.fail(`${path}: nothing says that ${command} broke it`));
    broke += 1;
    assert.equal(await page.getByText("Patchbay's window stopped working").count(), 0, `${path}: the frame goes on`);
    assert.ok(await button(page, 'Copy details').first().isVisible(), `${path}: its details can be passed on`);
    await clean(page, `broken ${path}`);
    // Another page works, and this one again once the answer is right.
    await page.evaluate(() => { location.hash = '/start'; });
    await page.getByRole('heading', { level: 1, name: /Connect your tools/ }).waitFor();
    await page.unroute('**/rpc');
    await page.reload();
    await page.evaluate((to) => { location.hash = to; }, path);
    await whole(page).waitFor();
  }
  // What the frame reads: the pages and the way to them stay.
  for (const [command, bent] of FRAME) {
    await bend(command, bent, '/chains');
    await page.getByText('New issue to team message').first().waitFor();
    await page.getByRole('link', { name: 'Catalogue' }).click();
    await page.getByTestId('card').first().waitFor();
    assert.equal(await page.getByText("Patchbay's window stopped working").count(), 0, `${command}: the frame goes on`);
    broke += 1;
    await page.unroute('**/rpc');
  }
}, { expected: [/./] });
console.log(`${broke} broken`);
assert.equal(broke, ROUTES.length + FRAME.length);
