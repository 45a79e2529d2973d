// A template is chosen and its branch is walked, changed and run; then the chain is passed on and taken in.
import { readFileSync } from 'node:fs';
import { assert, button, rpc, walk } from './support.mjs';

const SHOTS = process.env.PATCHBAY_SHOTS;
/** Steps of a chain that no screen holds. */
const LONG = 60;

await rpc('sandbox_start');

await walk(async ({ open }) => {
  for (const scheme of ['light', 'dark']) {
    const made = (await rpc('chain_list')).chains.filter((chain) => chain.name.startsWith('Urgent'));
    for (const chain of made) await rpc('chain_delete', { chain: chain.id });
    const page = await open({ path: '/chains', scheme });
    const shot = (name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}-${scheme}.png` });
    const focused = (id) => page.waitForFunction((wanted) => document.activeElement?.getAttribute('data-step') === wanted, id);
    await page.getByRole('heading', { name: 'Templates' }).waitFor();
    await shot('templates');
    await page.getByRole('button', { name: 'All templates' }).click();
    await page.getByRole('textbox', { name: 'Search templates' }).fill('urgent');
    await page.getByRole('dialog').getByRole('button', { name: /Urgent issues first/ }).waitFor();
    await page.getByRole('textbox', { name: 'Search templates' }).fill('');
    await page.getByRole('button', { name: /GitLab issues to Jira/ }).waitFor();
    await shot('gallery');
    // A tool that is not connected is asked for; nothing can be taken in before.
    await page.getByRole('button', { name: /GitLab issues to Jira/ }).click();
    await page.getByRole('button', { name: 'Connect Jira' }).waitFor();
    assert.equal(await button(page, 'Open in the editor').isDisabled(), true);
    await shot('template-to-connect');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'All templates' }).click();
    await page.getByRole('dialog').getByRole('button', { name: /Urgent issues first/ }).click();
    await page.getByText(/"Add row" in Sandbox Sheet once for each item \(can be undone\)/).waitFor();
    await shot('template');
    await button(page, 'Open in the editor').click();
    await page.locator('[data-step="urgent/later"]').waitFor();
    await shot('branch');
    // The keys of the canvas, then the same ones in the list.
    const walkKeys = async () => {
      await page.locator('[data-step=issues]').focus();
      for (const [key, id] of [['ArrowDown', 'urgent'], ['ArrowDown', 'urgent/urgent'], ['ArrowRight', 'urgent/later'], ['ArrowDown', 'keep'], ['ArrowLeft', 'tell'], ['Home', 'issues'], ['End', 'keep']]) {
        await page.keyboard.press(key);
        await focused(id);
      }
    };
    await walkKeys();
    await page.getByRole('button', { name: 'List view' }).first().click();
    await page.locator('.step-list').waitFor();
    await walkKeys();
    await shot('branch-list');
    // A step on a way: A asks for it, what is typed on at once is searched for, and it is drawn there.
    await page.keyboard.press('a');
    await page.keyboard.type('wait');
    await page.getByRole('option', { name: /Waits for a time/ }).click();
    await page.getByLabel('Wait', { exact: true }).fill('1');
    await page.getByRole('button', { name: 'Canvas' }).first().click();
    await page.locator('.canvas [data-step=wait]').waitFor();
    await page.getByTestId('saved').filter({ hasText: /^Saved$/ }).waitFor();
    const { chain } = await rpc('chain_export', { chain: 'Urgent issues first' });
    assert.deepEqual(chain.steps.at(-1).on, { branch: 'urgent', way: 'later' });
    // Taken away by mistake, and back again.
    await page.locator('[data-step=wait]').focus();
    await page.keyboard.press('Delete');
    await page.locator('[data-step=wait]').waitFor({ state: 'detached' });
    await button(page.getByTestId('toast'), 'Undo').click();
    await page.locator('[data-step=wait]').waitFor();
    // Every kind of step has a form.
    await page.locator('[data-step=urgent]').click();
    await page.getByRole('textbox', { name: 'Name of the way' }).waitFor();
    await shot('branch-form');
    await button(page, 'Run').click();
    await button(page.getByRole('dialog'), 'Run').click();
    await page.locator('.panel').getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();
    await shot('branch-ran');
    // Small, what is pressed on lines stays as large as it was, until it goes.
    const sizes = () => page.locator('.edge-add').evaluateAll((all) => [...new Set(all.map((one) => Math.round(one.getBoundingClientRect().width)))]);
    for (let n = 0; n < 2; n += 1) await button(page, 'Zoom out').click();
    await page.waitForTimeout(600);
    assert.deepEqual(await sizes(), [24]);
    await shot('branch-small');
    for (let n = 0; n < 2; n += 1) await button(page, 'Zoom out').click();
    await page.locator('.edge-add').first().waitFor({ state: 'detached' });
    await button(page, 'Fit').click();
    // It is passed on without a name of ours, and comes back beside what is there.
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Share as a file' }).click();
    await page.getByRole('dialog').getByText('sandbox-sheet').waitFor();
    // Conditions and names go along too, and are said.
    await page.getByRole('dialog').getByText(/\S · way$/).first().waitFor();
    await page.getByRole('dialog').getByText(/^[^$]\S* (contains|is) /).first().waitFor();
    await shot('share');
    const saving = page.waitForEvent('download');
    await button(page, 'Save the file').click();
    const file = await (await saving).path();
    const text = readFileSync(file, 'utf8');
    assert.equal(/Sandbox (Tracker|Chat|Sheet)/.test(text), false, text);
    await page.keyboard.press('Escape');
    await page.evaluate(() => { location.hash = '/chains'; });
    const choosing = page.waitForEvent('filechooser');
    await button(page, 'Import').click();
    await (await choosing).setFiles({ name: 'shared.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/Requests go to http:\/\/127\.0\.0\.1/).first().waitFor();
    await shot('take');
    // Its name is taken: that is a question, and nothing is replaced unasked.
    assert.equal(await dialog.getByRole('radio', { name: /Keep both/ }).isChecked(), true);
    await dialog.getByRole('radio', { name: /Replace it/ }).waitFor();
    await button(dialog, 'Take it in').click();
    await page.getByRole('heading', { level: 1, name: 'Urgent issues first 2' }).waitFor();
    const { chains } = await rpc('chain_list');
    assert.ok(chains.every((one) => !one.on), 'nothing that was taken in is on');
    await page.close();
  }
  // Of a long chain only what is in sight is drawn: keys reach all of it, and moving it takes the focus from nobody.
  const steps = Array.from({ length: LONG }, (_, n) => ({ id: `wait_${n}`, logic: { type: 'wait', seconds: 1 } }));
  const { id } = await rpc('chain_import', { chain: { schema: 1, name: 'Long', steps } });
  const page = await open({ path: `/chains/${id}` });
  const [first, last] = ['wait_0', `wait_${LONG - 1}`].map((step) => page.locator(`.canvas [data-step=${step}]`));
  const inSight = (step) =>
    page.waitForFunction((wanted) => {
      const [focus, canvas] = [document.activeElement, document.querySelector('.canvas')].map((one) => one.getBoundingClientRect());
      return document.activeElement.dataset.step === wanted && focus.top >= canvas.top && focus.bottom <= canvas.bottom;
    }, step);
  await first.focus();
  await page.keyboard.press('End');
  await inSight(`wait_${LONG - 1}`);
  assert.equal(await first.count(), 0, 'what is far off is not drawn');
  await page.mouse.move(500, 400);
  // Two screens up, or three.
  await page.mouse.wheel(0, -4_000);
  await page.locator(`.canvas [data-step=wait_${LONG - 20}]`).waitFor();
  assert.equal(await page.locator(`.canvas [data-step=wait_${LONG - 2}]`).count(), 0, 'what it was beside is not drawn any more');
  assert.equal(await last.evaluate((step) => step === document.activeElement), true, 'it has the focus out of sight too');
  await page.keyboard.press('ArrowUp');
  await inSight(`wait_${LONG - 2}`);
  await page.getByRole('button', { name: 'List view' }).first().click();
  assert.equal(await page.locator('.step-list [data-step]').count(), LONG, 'the list has all of them');
  await page.getByRole('button', { name: 'Canvas' }).first().click();
});
