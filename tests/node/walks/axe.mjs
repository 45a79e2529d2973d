// What axe finds in a page (WCAG 2.2, A and AA), and a picture of it where somebody wants to look.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { assert } from './support.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** The folder for pictures, where one is wanted. */
export const SHOTS = process.env.PATCHBAY_SHOTS;

/** What axe finds; `more` are further rules to hold the page to. */
export async function violations(page, more = []) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), [...RULES, ...more]);
  return found.violations;
}

/** Takes a picture once everything has come to rest, and lets axe find nothing. */
export async function clean(page, name, { prefix = '', ...shot } = {}) {
  await page.waitForTimeout(450);
  // On a busy machine a fade lasts longer than that, and what is half seen has too little contrast.
  await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().endTime === Infinity));
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${prefix}${name.replace(/[^a-z0-9]+/gi, '-')}.png`, ...shot });
  const found = await violations(page);
  assert.deepEqual(found.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).slice(0, 3).join(' | ')}`), [], name);
}
