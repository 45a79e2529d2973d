// Every page in the real window, under a language that Intl does not know.
import { existsSync, readdirSync } from 'node:fs';
import { assert, walk } from './window.mjs';

const PAGES = { '/start': 'Connect your tools', '/catalogue': 'Catalogue', '/catalogue/new': 'New connector', '/connections': 'Connections', '/chains': 'Chains', '/chains/new': 'New chain', '/runs': 'Runs', '/inbox': 'Inbox', '/health': 'Health', '/health/jobs/given-up': '', '/settings': 'Settings', '/settings/audit': '' };

await walk(async ({ driver, rpc, go, text, shot, button, within, find }) => {
  for (const [path, title] of Object.entries(PAGES)) {
    await go(path);
    await driver.wait(async () => (await driver.executeScript(() => document.querySelector('h1')?.textContent ?? '')).includes(title), 10_000, path);
    await shot(path.replaceAll('/', '-'));
  }
  // Where the processor draws, nothing moves without end.
  const card = existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
  assert.ok(card || (await driver.executeScript(() => matchMedia('(prefers-reduced-motion: reduce)').matches)), 'motion is reduced without a graphics card');
  // Twice as large is half as wide for the page itself.
  const width = () => driver.executeScript(() => window.innerWidth);
  const before = await width();
  await rpc('window_zoom', { factor: 2 });
  await driver.wait(async () => (await width()) <= before * 0.6, 5_000, 'zoom');
  await rpc('window_zoom', { factor: 1 });
  await go('/start');
  await text('Connect your tools');
  await (await find('.app-page button')).click();
  await (await button('Run')).click();
  await (await within("@role='dialog'", 'Run')).click();
  await text('That worked.');
  const run = await driver.executeScript(() => [...document.querySelectorAll('a')].map((a) => a.getAttribute('href')).find((h) => h?.includes('/runs/')));
  for (const [path, title] of [[run.replace(/^#/, ''), 'New issue to team message'], ['/runs', 'Runs'], ['/connections/Sandbox%20Chat', 'Sandbox Chat'], ['/catalogue/github-issues', 'Catalogue'], ['/catalogue/github-issues/connect', 'Catalogue'], ['/nowhere', '']]) {
    await go(path);
    await driver.wait(async () => (await driver.executeScript(() => document.querySelector('h1')?.textContent ?? '')).includes(title), 10_000, path);
    assert.equal(await driver.executeScript(() => document.querySelectorAll('.problem.bad').length), 0, path);
    await shot(path.replace(/[^a-z]+/gi, '-'));
  }
});
