// A newcomer goes through the wizard of each connector that ships, at a stand that answers as its
// vendor does: everything asked for says where it is found, nothing is cut off, and it ends connected.
import { SHOTS, violations } from './axe.mjs';
import { assert, button, facts, rpc, walk } from './support.mjs';

/** Waits until nothing moves: a colour on its way is no colour to judge. */
async function rest(page) {
  await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
  await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().iterations === Infinity));
}

/** Looks at a step, light and dark: nothing runs over the side or is cut off, and axe finds nothing. */
async function look(page, connector, step) {
  const dialog = page.getByRole('dialog');
  for (const scheme of ['dark', 'light']) {
    // The page follows the system; without motion the colours change at once.
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.locator(`[data-mantine-color-scheme=${scheme}]`).first().waitFor();
    await rest(page);
    if (SHOTS) await dialog.screenshot({ path: `${SHOTS}/connector-${connector}-${step}-${scheme}.png` });
    const found = await violations(page);
    assert.deepEqual(found.map((v) => `${v.id}: ${v.nodes[0].target}`), [], `${connector}, ${step}, ${scheme}`);
  }
  const cut = await dialog.evaluate((at) => [at, ...at.querySelectorAll('label, p, button, h1, h2, h3, span, a, li, code')]
    .filter((one) => one.offsetParent !== null && one.textContent.trim() !== '' && one.clientWidth > 1 && getComputedStyle(one).overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.textContent.slice(0, 60)));
  assert.deepEqual(cut, [], `${connector}, ${step}: cut off`);
}

/** Chooses what the tool itself lists, and gives how many there are. What it does not list is typed instead. */
async function choose(dialog, field, value) {
  // It may depend on what was entered a moment before.
  await field.and(dialog.page().locator('[role=combobox]')).waitFor();
  await dialog.getByPlaceholder('Asking the tool…').waitFor({ state: 'detached' });
  await field.click();
  const options = dialog.page().getByRole('option');
  await options.first().waitFor();
  const listed = await options.count();
  const meant = options.filter({ hasText: value }).first();
  if (await meant.count()) await meant.click();
  else {
    await dialog.page().keyboard.press('Escape');
    await button(dialog, 'Type it myself').click();
    await field.fill(value);
  }
  return listed;
}

/** Enters a value where the form asks for it on this step; false where it does not. */
async function enter(dialog, key, value) {
  const field = dialog.locator(`[id="cw-${key}"]`);
  if (!(await field.count()) || !(await field.isVisible())) return false;
  const tag = await field.evaluate((at) => at.tagName);
  if (tag === 'SELECT') await field.selectOption(value);
  else if (!(await field.isEditable())) return false;
  else await field.fill(value);
  return true;
}

await walk(
  async ({ open }) => {
    const page = await open({ path: '/catalogue', width: 1280, height: 1500 });
    const chosen = new Set();
    const only = process.env.PATCHBAY_CONNECTORS?.split(',');
    for (const one of facts.newcomers.filter(({ connector }) => only?.includes(connector) ?? true)) {
      await page.evaluate((to) => { location.hash = to; }, `/catalogue/${one.request.connector}/connect`);
      const dialog = page.getByRole('dialog');
      await dialog.waitFor();
      // Nobody knows where a key is found: next to each that is asked for it is told.
      if (one.method) {
        if (one.methods > 1) await dialog.getByRole('radio', { name: new RegExp(`^${one.method.replace(/[^\w ]/g, '.')}`) }).check();
        if (one.help) await dialog.getByRole('button', { name: 'Where do I find this?' }).first().waitFor();
      }
      await look(page, one.connector, 'first');
      for (let step = 0; step < 4; step += 1) {
        for (const key of one.listed) {
          const field = dialog.locator(`.cw-choose [id="cw-${key}"]`);
          if (!(await field.count())) continue;
          // What it takes is entered first where the list depends on it.
          for (const [other, value] of Object.entries(one.request.config)) if (!one.listed.includes(other)) await enter(dialog, other, value);
          assert.ok((await choose(dialog, field, one.request.config[key] ?? '')) > 0, `${one.connector}: ${key} lists nothing`);
          if (SHOTS) await dialog.screenshot({ path: `${SHOTS}/connector-${one.connector}-listed-${key}.png` });
          chosen.add(one.connector);
        }
        for (const [key, value] of Object.entries({ ...one.request.secrets, ...one.request.config })) {
          if (!one.listed.includes(key)) await enter(dialog, key, value);
        }
        if (step === 0 && one.request.config.baseUrl) {
          await dialog.getByText('Advanced', { exact: true }).click();
          await dialog.getByLabel(/Service address/).first().fill(one.request.config.baseUrl);
          await dialog.getByRole('checkbox', { name: /private addresses/ }).check();
        }
        const forward = button(dialog, 'Continue');
        const finish = button(dialog, 'Finish');
        if (await finish.count()) break;
        if (step === 0 && one.grant) {
          await dialog.locator('[data-main]').click();
          await dialog.locator('[data-phase=done]').waitFor();
          await look(page, one.connector, 'signed-in');
        }
        await forward.click();
        const tested = dialog.getByText(/^(OK|Not run|Running|Waiting)$/).first();
        if (await Promise.race([tested.waitFor().then(() => true), page.waitForTimeout(1_500).then(() => false)])) {
          await page.waitForFunction(() => ![...document.querySelectorAll('[role=dialog] button')].find((at) => at.textContent === 'Continue')?.disabled);
          await look(page, one.connector, 'tested');
          await button(dialog, 'Continue').click();
          break;
        }
        await look(page, one.connector, `step-${step + 2}`);
      }
      await button(dialog, 'Finish').click();
      await dialog.getByText(/What next/).waitFor();
      await look(page, one.connector, 'made');
      const { connections } = await rpc('connection_list', { offset: 0, limit: 10 });
      assert.deepEqual(connections.map((made) => made.connector), [one.request.connector]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await rpc('connection_disconnect', { name: connections[0].name, withSignals: true });
      console.log(`${one.connector}: connected`);
      assert.equal(chosen.has(one.connector), one.listed.length > 0, `${one.connector}: what the tool lists was not offered`);
    }
  },
  { expected: [/ERR_/] },
);
