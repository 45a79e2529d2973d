// Pictures of the running product on its own pretend tools, light and dark, for docs/pictures.
import { facts, rpc, walk } from './support.mjs';

const { chain } = await rpc('sandbox_start');
const run = async () => {
  await rpc('run_start', { chain, input: null, dryRun: false, queueOnly: false });
  await rpc('run_wait', { run: 'last' });
};
for (const name of ['Sandbox Tracker', 'Sandbox Chat']) await rpc('connection_test', { name });
await rpc('connection_sync', { name: 'Sandbox Tracker' });
for (let n = 0; n < 3; n += 1) await run();
await rpc('sandbox_fault', { tool: 'chat', fault: 'down' });
await run();
const failed = (await rpc('run_list', { offset: 0 })).runs[0].id;
await rpc('health_check_now', { connection: null });
await rpc('sandbox_fault', { tool: 'chat', fault: null });
await run();

/** Name of the picture, its address, what is there once it is whole. */
const PICTURES = [
  ['start', '/start', (page) => page.getByRole('heading', { level: 1 })],
  ['catalogue', '/catalogue', (page) => page.getByTestId('card').nth(8)],
  ['wizard', '/catalogue/github-issues/connect', (page) => page.getByRole('dialog').getByRole('textbox').first()],
  ['chain', `/chains/${chain}/step/message`, (page) => page.getByTestId('field').first()],
  ['chains', '/chains', (page) => page.getByRole('row').nth(1)],
  ['connections', '/connections', (page) => page.getByText('Sandbox Chat').first()],
  ['runs', '/runs', (page) => page.getByRole('row').nth(3)],
  ['settings', '/settings', (page) => page.getByRole('heading', { level: 1 })],
  ['run', `/runs/${failed}`, (page) => page.getByRole('table').first()],
  ['inbox', '/inbox', (page) => page.locator('.ib-item').nth(5)],
  ['health', '/health', (page) => page.getByTestId('health-row').first()],
];

await walk(async ({ open }) => {
  for (const scheme of ['light', 'dark']) {
    const page = await open({ scheme, reducedMotion: 'reduce' });
    const shoot = async (name) => {
      await page.waitForTimeout(600);
      await page.screenshot({ path: `${facts.folder}/${name}-${scheme}.png` });
    };
    for (const [name, path, whole] of PICTURES) {
      await page.evaluate((to) => { location.hash = to; }, path);
      await whole(page).waitFor();
      await shoot(name);
      if (name === 'wizard') await page.keyboard.press('Escape');
    }
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await shoot('palette');
    await page.close();
  }
});
