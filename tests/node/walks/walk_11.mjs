// Themes and motion: every screen, light and dark, at 200 %, 960 wide, without motion, with more contrast and
// with the system's own colours: nothing runs over the side or out of reach, nothing moves by itself, axe
// finds nothing. Names are long, written from right to left, and of signs.
import { clean } from './axe.mjs';
import { assert, rpc, walk } from './support.mjs';

const { chain } = await rpc('sandbox_start');
await rpc('connection_sync', { name: 'Sandbox Tracker' });
await rpc('run_start', { chain, input: null, dryRun: false, queueOnly: false });
await rpc('run_wait', { run: 'last' });
await rpc('sandbox_fault', { tool: 'chat', fault: 'expired' });
await rpc('run_start', { chain, input: null, dryRun: false, queueOnly: false });
await rpc('run_wait', { run: 'last' });
await rpc('sandbox_fault', { tool: 'chat', fault: null });
const NAMES = ['תיבת ההודעות של הצוות (1)', '🚀🧩 ✨ '.repeat(8).trim(), `${'very-long-name-without-a-gap'.repeat(2)}-at-the-end`];
await rpc('connection_rename', { name: 'Sandbox Sheet', newName: NAMES[0] });
await rpc('connection_rename', { name: 'Sandbox Chat', newName: NAMES[2] });
const { chain: document } = await rpc('chain_export', { chain });
await rpc('chain_save', { id: null, chain: { ...document, name: NAMES[1] } });
const { runs } = await rpc('run_list', { offset: 0 });
const { signals: [{ id: signal }] } = await rpc('signal_search', { filter: {}, limit: 1 });

const SCREENS = [
  '/start', '/catalogue', '/catalogue/github-issues', '/catalogue/github-issues/connect', '/connections', `/connections/${encodeURIComponent(NAMES[0])}`, '/chains', `/chains/${chain}`,
  `/chains/${chain}/step/message`, '/runs', ...runs.slice(0, 2).map((run) => `/runs/${run.id}`), '/inbox', `/inbox/${signal}`, '/health', `/health/${encodeURIComponent(NAMES[2])}`, '/health/jobs/given-up', '/settings', '/settings/audit',
];
const VIEWS = [
  { name: '200 %', width: 1280, height: 800, zoom: 2 },
  { name: '960', width: 960, height: 640 },
  { name: 'calm', reducedMotion: 'reduce' },
  { name: 'contrast', contrast: 'more' },
  { name: 'forced', forcedColors: 'active' },
];

let looked = 0;
await walk(async ({ open }) => {
  for (const scheme of ['light', 'dark']) {
    for (const { name, ...view } of VIEWS) {
      const page = await open({ scheme, ...view });
      for (const path of SCREENS) {
        const where = `${scheme} ${name} ${path}`;
        await page.evaluate((to) => { location.hash = to; }, path);
        await page.locator('h1, [role=dialog] form').first().waitFor();
        // The system's colours are the system's, and motion has none: axe has been here.
        if (name === 'forced' || name === 'calm') await page.waitForTimeout(300);
        else await clean(page, where, { prefix: 'themes-' });
        const found = await page.evaluate(() => {
          const sideways = [document.documentElement, ...document.querySelectorAll('.page-scroll, .page-head, .panel-body, [role=dialog]')]
            .filter((e) => e.scrollWidth > e.clientWidth + 1)
            .map((e) => `${e.className || e.tagName} ${e.scrollWidth} > ${e.clientWidth}`);
          // What can be pressed is in sight or can be scrolled to: not out at the side.
          const lost = [...document.querySelectorAll('button, a[href], input:not([type=hidden])')]
            .filter((e) => e.checkVisibility() && e.getClientRects().length > 0 && !e.closest('.canvas, .out-of-sight, .status, [aria-hidden=true]'))
            .map((e) => [e, e.getBoundingClientRect()])
            .filter(([, box]) => box.width > 2 && (box.left < -1 || box.right > innerWidth + 1))
            .map(([e]) => e.getAttribute('aria-label') ?? e.textContent);
          const moving = document.getAnimations().filter((one) => one.playState === 'running' && one.effect?.getComputedTiming().iterations === Infinity).length;
          const root = getComputedStyle(document.documentElement);
          return { sideways, lost, moving, line: root.getPropertyValue('--line').trim(), strong: root.getPropertyValue('--line-strong').trim() };
        });
        assert.deepEqual(found.sideways, [], where);
        assert.deepEqual(found.lost, [], `${where}: out at the side`);
        if (name === 'calm') assert.equal(found.moving, 0, `${where}: something moves`);
        if (name === 'contrast') assert.equal(found.line, found.strong, `${where}: lines are as strong as edges`);
        if (path.endsWith('/connect')) await page.keyboard.press('Escape');
        looked += 1;
      }
      await page.close();
    }
  }
});
console.log(`${looked} looks`);
assert.equal(looked, 2 * VIEWS.length * SCREENS.length);
