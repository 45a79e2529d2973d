// Unlocks with the passphrase, goes through every page, and writes down what the browser holds of it.
import { appendFileSync, writeFileSync } from 'node:fs';
import { facts, rpc, walk } from './support.mjs';

await walk(async ({ open }) => {
  const page = await open({});
  writeFileSync(facts.dom, '');
  const note = async () => {
    await page.waitForTimeout(400);
    appendFileSync(facts.dom, await page.evaluate(() => [
      document.documentElement.outerHTML,
      document.documentElement.innerText,
      ...[...document.querySelectorAll('input, textarea')].map((field) => field.value),
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
    ].join('\n')));
  };
  const banner = page.getByTestId('lock-banner');
  await banner.getByLabel('Passphrase', { exact: true }).fill(facts.passphrase);
  await page.keyboard.press('Enter');
  await banner.waitFor({ state: 'detached' });
  const { chains } = await rpc('chain_list');
  const { runs } = await rpc('run_list', { offset: 0 });
  const paths = [
    '/start', '/catalogue', '/connections', '/connections/key', '/connections/password', '/chains', '/runs', '/settings',
    ...chains.slice(0, 2).map((chain) => `/chains/${chain.id}/step/does`),
    ...runs.map((run) => `/runs/${run.id}`),
  ];
  for (const path of paths) {
    await page.evaluate((hash) => { location.hash = hash; }, path);
    await note();
    if (path.startsWith('/connections/')) {
      for (const tab of ['Data', 'Set-up']) {
        await page.getByRole('tab', { name: tab }).click();
        await note();
      }
    }
    // Details that are folded at first.
    for (const button of await page.getByRole('button', { name: 'Details' }).all()) await button.click();
    await note();
  }
});
