// A webhook by hand: on, its secret once, the tool told, a test event, the first event; then the gateway's
// settings. Light and dark, and axe finds nothing.
import { clean as axeClean } from './axe.mjs';
import { assert, button, facts, rpc, walk } from './support.mjs';

const clean = (page, name) => axeClean(page, name, { fullPage: true });

const to = (page, path) => page.evaluate((hash) => { location.hash = hash; }, path);

await walk(async ({ open }) => {
  await rpc('sandbox_start');
  await rpc('gateway_set', { port: facts.gateway });
  for (const scheme of ['light', 'dark']) {
    const page = await open({ scheme });
    await to(page, '/connections/Sandbox%20Sheet');
    await page.getByRole('tab', { name: 'Set-up' }).click();
    const panel = page.locator('.wh-panel');
    await panel.waitFor();
    const on = panel.getByLabel('Take what it sends');
    if (scheme === 'light') {
      await clean(page, 'light webhook off');
      await on.click();
      await panel.getByLabel('Address', { exact: true }).waitFor();
      const address = await panel.getByLabel('Address', { exact: true }).inputValue();
      assert.match(address, new RegExp(`^http://127\\.0\\.0\\.1:${facts.gateway}/webhooks/sandbox-sheet/[0-9a-f]{32}$`));
      await panel.getByText('Without it nothing is taken').waitFor();
      await button(panel, 'Make a secret').click();
      const made = panel.getByLabel('Enter this on the tool\'s pages');
      await made.waitFor();
      const secret = await made.inputValue();
      assert.match(secret, /^whsec_/);
      await clean(page, 'light webhook secret made');
      await button(panel, 'I have entered it').click();
      assert.ok(!(await page.content()).includes(secret), 'it is shown once');
      await panel.getByText('Waiting for the first event').waitFor();
      await button(panel, 'Send a test event').click();
      await panel.getByTestId('webhook-tested').filter({ hasText: 'One signal would come of it' }).waitFor();
      await panel.getByText('Waiting for the first event').waitFor();
      await button(panel, 'Tell Sandbox Sheet this address').click();
      await panel.getByText('sends here until').waitFor();
      await rpc('operation_call', { name: 'Sandbox Sheet', operation: 'add_row', params: { name: 'Stapler', amount: 9.5 } });
      await panel.getByText('row.added').first().waitFor();
      await panel.getByText('Waiting for the first event').waitFor({ state: 'detached' });
      // Forged calls are told of.
      const answer = await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
      assert.equal(answer.status, 401);
      await panel.getByText('Not signed').waitFor({ timeout: 20_000 });
    }
    await panel.getByText('row.added').first().waitFor();
    await clean(page, `${scheme} webhook`);
    await page.getByRole('button', { name: `Webhooks at 127.0.0.1:${facts.gateway}` }).click();
    await clean(page, `${scheme} gateway in the status bar`);
    await page.keyboard.press('Escape');
    await to(page, '/settings');
    await page.getByTestId('gateway-state').filter({ hasText: 'Webhooks at' }).waitFor();
    await clean(page, `${scheme} gateway settings`);
    if (scheme === 'dark') {
      const enabled = page.getByLabel('Let it listen');
      await enabled.focus();
      await page.keyboard.press('Space');
      await page.getByTestId('gateway-state').filter({ hasText: 'Gateway off' }).waitFor();
      await page.getByLabel('Public address').fill('http://not-safe.example');
      await page.keyboard.press('Enter');
      await page.getByText('It is an https address').waitFor();
      await clean(page, 'dark gateway off');
    }
    await page.context().close();
  }
});
