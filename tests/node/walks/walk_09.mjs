// Walk 9: no network. A banner says so within five seconds, every page opens from what is kept, and work goes
// on by itself when the network is back.
import { createServer } from 'node:http';

import { clean as axeClean } from './axe.mjs';
import { assert, button, rpc, walk } from './support.mjs';

const clean = (page, name) => axeClean(page, name, { prefix: 'walk-09-' });

/** A service that can be cut off, and comes back at the same address. */
let items = 3;
const at = (item) => new Date(Date.UTC(2026, 10, 20, 10, 0, item)).toISOString();
const service = createServer((request, response) => {
  const place = new URL(request.url, 'http://service');
  const since = place.searchParams.get('since') ?? '';
  const all = Array.from({ length: items }, (_, item) => ({ id: `i${item}`, at: at(item), title: `Item ${item}` }));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(place.pathname === '/me' ? {} : all.filter((item) => item.at >= since)));
});
const listen = (port) => new Promise((done) => service.listen(port, '127.0.0.1', done));
const cut = () => new Promise((done) => {
  service.closeAllConnections();
  service.close(done);
});
await listen(0);
const { port } = service.address();

const definition = {
  id: 'desk', name: 'Desk', description: 'Items on a desk.', category: 'custom', version: '1.0.0', baseUrl: 'https://desk.example',
  streams: [{
    id: 'items', title: 'Items', request: { path: '/items' }, intervalSeconds: 10, delta: { type: 'timestamp_filter', param: 'since' },
    mapping: { itemsPath: '$[*]', idPath: '$.id', timestampPath: '$.at', summaryTemplate: '{{title}}', signalTypeRules: [], defaultSignalType: 'item' },
  }],
  operations: [], healthCheck: { request: { path: '/me' } },
};

const until = async (what, holds, most = 120_000) => {
  for (const end = Date.now() + most; Date.now() < end; await new Promise((done) => setTimeout(done, 250))) if (await holds()) return;
  throw new Error(`${what}: not in ${most} ms`);
};
const signals = async () => (await rpc('signal_search', { filter: {} })).matching;

try {
  await walk(async ({ open }) => {
    const page = await open();
    await rpc('descriptor_add', { file: 'desk.json', text: JSON.stringify(definition) });
    await rpc('connection_create', { connector: 'desk', name: 'Desk', config: { baseUrl: `http://127.0.0.1:${port}` }, secrets: {}, allowPrivate: true });
    await until('three items', async () => (await signals()) === 3);

    // The network is gone: for the page, and for the engine.
    await cut();
    await page.evaluate(() => {
      Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false });
      window.dispatchEvent(new Event('offline'));
    });
    const banner = page.getByTestId('offline');
    await banner.waitFor({ timeout: 5_000 });
    assert.equal(await banner.innerText(), 'You are offline. Saved data is shown; polling and runs are waiting. They go on by themselves.');
    await button(page, 'Offline').waitFor();
    await rpc('sync_now', { name: 'Desk' });
    await until('a read that failed', async () => (await rpc('connection_streams', { name: 'Desk' })).streams[0].problem !== null);

    // Every page opens from what is kept.
    for (const [path, title] of [
      ['/catalogue', 'Catalogue'], ['/connections', 'Connections'], ['/connections/Desk', 'Desk'], ['/chains', 'Chains'], ['/runs', 'Runs'],
      ['/inbox', 'Inbox'], ['/health', 'Health'], ['/settings', 'Settings'], ['/settings/audit', 'What was done'], ['/health/jobs/given-up', 'Work given up'],
    ]) {
      await page.evaluate((to) => { location.hash = to; }, path);
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      assert.equal(await banner.isVisible(), true, path);
      // What stands there is why the connection does not work, and not that the page could not be read.
      const { lastError } = await rpc('connection_show', { name: 'Desk' });
      for (const problem of await page.getByTestId('problem').locator('h3').allInnerTexts()) assert.equal(problem, lastError?.title, path);
    }
    // A service on this computer can be asked all the same. One elsewhere cannot, and the buttons say why.
    const show = (path) => page.evaluate((to) => { location.hash = to; }, path);
    await show('/connections/Desk');
    const test = button(page, 'Test');
    const sync = button(page, 'Sync now');
    assert.deepEqual([await test.getAttribute('aria-disabled'), await sync.getAttribute('aria-disabled')], [null, null]);
    const here = `http://127.0.0.1:${port}`;
    await page.route('**/rpc', async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replaceAll(`"origins":["${here}"]`, '"origins":["https://desk.example"]');
      // A page that has gone on meanwhile wants no answer any more.
      await route.fulfill({ response: answer, body }).catch(() => undefined);
    });
    const asked = [];
    page.on('request', (request) => asked.push(request.postDataJSON()?.command));
    await show('/health');
    await page.getByRole('heading', { level: 1, name: 'Health' }).waitFor();
    await show('/connections/Desk');
    await page.locator('button[aria-disabled=true]', { hasText: 'Test' }).waitFor();
    const why = 'You are offline. This works again when the network is back.';
    for (const one of [test, sync]) {
      assert.equal(await one.getAttribute('aria-description'), why);
      await one.focus();
      await page.getByRole('tooltip', { name: why }).first().waitFor();
      await one.press('Enter');
      await one.click({ force: true });
    }
    await page.keyboard.press('Control+Enter');
    await button(page, 'Actions for Desk').click();
    for (const item of ['Test', 'Sync now']) {
      const entry = page.getByRole('menuitem', { name: new RegExp(`^${item}`) });
      assert.equal(await entry.isDisabled(), true, item);
      assert.ok((await entry.innerText()).includes(why), item);
    }
    await clean(page, 'no-reach');
    await page.keyboard.press('Escape');
    assert.deepEqual(asked.filter((command) => ['connection_test', 'connection_sync', 'sync_now'].includes(command)), [], 'nothing is sent');
    await page.unrouteAll();
    await page.evaluate(() => { location.hash = '/inbox'; });
    await page.getByText('Item 2').first().waitFor();
    await clean(page, 'inbox');
    await page.evaluate(() => { location.hash = '/connections'; });
    await page.getByRole('link', { name: /Desk/ }).first().waitFor();
    await clean(page, 'connections');

    // It is back, with more: nobody does anything, and nothing is missing or doubled.
    items = 5;
    await listen(port);
    await page.evaluate(() => {
      Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => true });
      window.dispatchEvent(new Event('online'));
    });
    await banner.waitFor({ state: 'detached', timeout: 5_000 });
    await button(page, 'Online').waitFor();
    await until('what came meanwhile', async () => (await signals()) === 5);
    const { streams } = await rpc('connection_streams', { name: 'Desk' });
    assert.deepEqual([streams[0].problem, streams[0].failures], [null, 0]);
    await page.evaluate(() => { location.hash = '/inbox'; });
    await page.getByText('Item 4').first().waitFor();
  });
} finally {
  service.closeAllConnections();
  service.close();
}
