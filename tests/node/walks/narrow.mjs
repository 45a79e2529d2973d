// 960 px, and 200 % zoom: nothing scrolls sideways, nothing that is needed is out of reach.
import { assert, button, rpc, walk } from './support.mjs';

const { chain } = await rpc('sandbox_start');
await rpc('run_start', { chain, input: null, dryRun: false, queueOnly: false });
await rpc('run_wait', { run: 'last' });
const [{ id }] = (await rpc('run_list', { offset: 0 })).runs;

await walk(async ({ open }) => {
  for (const view of [{ width: 960, height: 640 }, { width: 1280, height: 800, zoom: 2 }, { width: 1280, height: 800, reducedMotion: 'reduce' }]) {
    const page = await open(view);
    for (const path of ['/start', '/catalogue', '/catalogue/github-issues', '/catalogue/github-issues/connect', '/connections', '/connections/Sandbox%20Chat', '/chains', `/chains/${chain}`, `/chains/${chain}/step/message`, '/runs', `/runs/${id}`]) {
      await page.evaluate((to) => { location.hash = to; }, path);
      await page.waitForTimeout(400);
      if (process.env.PATCHBAY_SHOTS) await page.screenshot({ path: `${process.env.PATCHBAY_SHOTS}/narrow-${view.width / (view.zoom ?? 1)}-${path.replace(/[^a-z]+/gi, '-')}.png` });
      const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.page-scroll, .page-head, .panel-body, [role=dialog]')]
        .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => `${e.className || e.tagName} ${e.scrollWidth}>${e.clientWidth}`));
      assert.deepEqual(wide, [], `${JSON.stringify(view)} ${path}`);
      if (path.endsWith('/connect')) await page.keyboard.press('Escape');
    }
    await page.evaluate((to) => { location.hash = to; }, `/chains/${chain}`);
    const run = button(page, 'Run');
    await run.waitFor();
    const box = await run.boundingBox();
    const { width } = page.viewportSize();
    assert.ok(box && box.x >= 0 && box.x + box.width <= width, `Run is in sight: ${JSON.stringify(box)}`);
    await page.close();
  }
});
