// A browser on the served interface. A walk fails on anything it did not expect: an exception, a
// console error, a request that leaves this computer.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

export { assert };

const { url, token, facts } = JSON.parse(process.env.WALK ?? '{}');
export { facts, token, url };

const EXECUTABLES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Opens a browser. */
export async function launch() {
  const { existsSync } = await import('node:fs');
  return chromium.launch({
    executablePath: EXECUTABLES.find((path) => existsSync(path)),
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** Opens a browser, walks, closes it; `expected` are console errors that belong to the walk. */
export async function walk(steps, { expected = [] } = {}) {
  const browser = await launch();
  const trouble = [];
  const started = Date.now();
  try {
    await steps({
      open: (options) => open(browser, trouble, expected, options),
      browser,
      elapsed: () => Date.now() - started,
    });
    assert.deepEqual(trouble, []);
  } catch (error) {
    // What stood in the way is said with what was waited for.
    for (const c of browser.contexts()) for (const p of c.pages()) for (const text of await p.getByRole('dialog').allInnerTexts().catch(() => [])) console.error(`open dialog: ${text}`);
    throw error;
  } finally {
    if (process.env.SHOT) for (const c of browser.contexts()) for (const p of c.pages()) await p.screenshot({ path: process.env.SHOT }).catch(() => {});
    await browser.close();
  }
}

async function open(browser, trouble, expected, { path = '/', width = 1280, height = 800, scheme = 'light', zoom = 1, reducedMotion, contrast, forcedColors, withToken = true } = {}) {
  const context = await browser.newContext({
    viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
    deviceScaleFactor: zoom,
    colorScheme: scheme,
    reducedMotion: reducedMotion ?? null,
    contrast: contrast ?? null,
    forcedColors: forcedColors ?? null,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const note = (text) => {
    if (!expected.some((pattern) => pattern.test(text))) trouble.push(text);
  };
  page.on('pageerror', (error) => note(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') note(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) note(`request: ${request.url()}`);
  });
  await page.goto(withToken ? `${url}#token=${token}` : url);
  if (withToken) await page.locator('.app').waitFor();
  if (path !== '/') await page.evaluate((to) => { location.hash = to; }, path);
  // Clicks as a person counts them.
  let clicks = 0;
  return Object.assign(page, {
    press: async (locator) => {
      clicks += 1;
      await locator.click();
    },
    clicks: () => clicks,
  });
}

/** Waits until a field or button has the focus: a dialog gives it a moment after it is drawn. */
export async function focused(locator, why) {
  const until = Date.now() + 5000;
  while (!(await locator.evaluate((one) => one === document.activeElement))) {
    assert.ok(Date.now() < until, why);
    await new Promise((after) => setTimeout(after, 30));
  }
}

/** Sends a command past the interface. */
export async function rpc(command, request = {}) {
  const answer = await fetch(new URL('rpc', url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify({ workspace: 'default', command, request }),
  });
  const body = await answer.json();
  if (body.problem) throw new Error(`${command}: ${body.problem.title}. ${body.problem.hint}`);
  return body.response;
}

/** The sandbox with one of everything: its chain, a run of it that has ended, and a signal. */
export async function oneOfEach() {
  const { chain } = await rpc('sandbox_start');
  await rpc('run_start', { chain, input: null, dryRun: false, queueOnly: false });
  await rpc('run_wait', { run: 'last' });
  const { runs: [{ id: run }] } = await rpc('run_list', { offset: 0 });
  await rpc('connection_sync', { name: 'Sandbox Tracker' });
  const { signals: [{ id: signal }] } = await rpc('signal_search', { filter: {}, limit: 1 });
  return { chain, run, signal };
}

/** A button by its whole name. */
export const button = (page, name) => page.getByRole('button', { name, exact: true });
