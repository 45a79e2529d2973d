// Everything by name and by key: the palette, the keyboard map, the settings and their search, workspaces.
import { assert, button, rpc, walk } from './support.mjs';
import { clean } from './axe.mjs';

const { chain } = await rpc('sandbox_start');

await walk(async ({ open }) => {
  const page = await open({ path: '/catalogue' });
  const { keyboard } = page;
  const here = () => page.evaluate(() => location.hash);
  const at = (hash) => page.waitForFunction((wanted) => location.hash === wanted, hash);
  const options = page.getByRole('option');
  const palette = async (text = '') => {
    await keyboard.press('Control+k');
    // What is typed before it has the focus goes to the page.
    await page.waitForFunction(() => document.activeElement?.matches('[role=dialog] [role=combobox]'));
    if (text) await keyboard.type(text);
  };
  const chosen = () => page.locator('[role=option][aria-selected=true]').textContent();
  await page.getByTestId('card').first().waitFor();

  // A synonym, letters in order, marks that are not typed.
  for (const [text, first] of [['execute new issue', /^Run New issue to team message/], ['ghub iss', /GitHub/], ['nightly xyz', null], ['dark', /^Theme: Dark/], ['proxy', /^Settings: Network/]]) {
    await palette(text);
    if (first) assert.match(await chosen(), first, text);
    else {
      await page.getByText(`Nothing matches “${text}”`).waitFor();
      assert.equal(await options.count(), 0);
    }
    await keyboard.press('Escape');
    await page.getByRole('combobox').waitFor({ state: 'detached' });
  }

  // Enter does the first, Ctrl Enter the second, Tab shows all of them, and Esc goes back to the list.
  await palette('open new issue');
  await keyboard.press('Enter');
  await at(`#/chains/${chain}`);
  await palette('open sandbox tracker');
  await page.locator('.palette-foot').getByText('Ctrl Enter: Test Sandbox Tracker').waitFor();
  await keyboard.press('Control+Enter');
  await at('#/connections/Sandbox%20Tracker');
  await page.getByText(/Test passed|works/i).first().waitFor();
  await palette('run new issue');
  await keyboard.press('Tab');
  await page.getByRole('option', { name: 'Runs of New issue to team message' }).waitFor();
  assert.equal(await options.count(), 4);
  await keyboard.press('Escape');
  assert.ok((await options.count()) > 0, 'the list is there again');
  assert.match(await chosen(), /^Run New issue/);
  await keyboard.press('Tab');
  await keyboard.press('End');
  await page.getByRole('option', { name: 'Runs of New issue to team message' }).click();
  await at('#/runs');

  // What cannot be done now stays and says why; Enter does nothing.
  await palette('sync sandbox chat');
  const off = page.getByRole('option', { name: /Sync Sandbox Chat now/ });
  assert.equal(await off.getAttribute('aria-disabled'), 'true');
  assert.match(await off.textContent(), /brings nothing in/);
  await keyboard.press('Enter');
  await page.getByRole('combobox').waitFor();
  await keyboard.press('Escape');
  await page.getByRole('combobox').waitFor({ state: 'detached' });

  // The last ones come first while nothing is typed, and the page has commands of its own.
  await page.evaluate((to) => { location.hash = to; }, `/chains/${chain}`);
  await button(page, 'Check').waitFor();
  await palette();
  assert.match(await options.nth(0).textContent(), /^Run New issue/, 'the last one first');
  assert.match(await options.nth(1).textContent(), /^Open Sandbox Tracker/);
  const groups = await page.locator('.palette-group').allTextContents();
  assert.deepEqual(groups.slice(0, 2), ['Last used', 'Suggested']);
  await clean(page, 'palette with last commands');
  const check = page.getByRole('option', { name: /^Check the chain/ });
  assert.match(await check.textContent(), /Ctrl Shift Enter/, 'its key stands beside it');
  await check.click();
  await page.getByText(/thing to mend|Ready to run/).first().waitFor();
  // Its buttons are there by their names.
  await palette('list view');
  await page.getByRole('option', { name: /^List view/ }).click();
  await palette('canvas');
  await page.getByRole('option', { name: /^Canvas/ }).click();
  await button(page, 'List view').waitFor();

  // The sheet of keys says what holds on this page.
  await page.locator('main').focus();
  await keyboard.press('?');
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('table', { name: 'On this page: Chain' }).waitFor();
  await sheet.getByRole('row', { name: /Check the chain Ctrl Shift Enter/ }).waitFor();
  await clean(page, 'keys of a chain');
  await keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });

  // The map: pages, settings, regions, new, back.
  for (const [key, hash] of [['Control+1', '#/catalogue'], ['Control+2', '#/connections'], ['Control+3', '#/chains'], ['Control+4', '#/runs'], ['Control+5', '#/inbox'], ['Control+6', '#/health'], ['Control+7', '#/settings'], ['Alt+ArrowLeft', '#/health'], ['Control+,', '#/settings']]) {
    await keyboard.press(key);
    await at(hash);
  }
  await keyboard.press('Control+1');
  await page.getByTestId('card').first().waitFor();
  await keyboard.press('/');
  await page.waitForFunction(() => document.activeElement?.hasAttribute('data-page-search'));
  const region = () => page.evaluate(() => document.activeElement?.closest('nav, footer, .panel, main')?.tagName);
  await page.getByRole('heading', { level: 1 }).focus();
  const seen = [];
  for (let n = 0; n < 3; n += 1) {
    await keyboard.press('F6');
    seen.push(await region());
  }
  assert.deepEqual(seen, ['FOOTER', 'NAV', 'MAIN']);
  await keyboard.press('Shift+F6');
  assert.equal(await region(), 'NAV');
  const rail = await page.locator('nav.side').evaluate((side) => side.clientWidth);
  await keyboard.press('Control+b');
  await page.waitForFunction((wide) => document.querySelector('nav.side').clientWidth < wide / 2, rail);
  await keyboard.press('Control+b');

  // Settings are searched; a part that has nothing goes out of sight.
  await keyboard.press('Control+,');
  const field = page.getByRole('searchbox', { name: 'Search the settings' });
  await page.getByRole('heading', { name: 'About', exact: true }).waitFor();
  await field.fill('proxy');
  await page.getByRole('heading', { level: 3, name: 'Proxy' }).waitFor();
  assert.equal(await page.getByRole('heading', { name: 'Workspaces' }).isVisible(), false);
  await clean(page, 'settings searched');
  await field.fill('xyzzy');
  await page.getByText('Nothing matches “xyzzy”').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();

  // Keys that are one sign are switched off, and the others go on.
  await page.getByRole('switch', { name: 'Keys that are one sign' }).focus();
  await keyboard.press('Space');
  await keyboard.press('Control+1');
  await page.getByTestId('card').first().waitFor();
  await page.getByRole('heading', { level: 1 }).focus();
  await keyboard.press('/');
  assert.notEqual(await page.evaluate(() => document.activeElement?.getAttribute('data-page-search')), 'true');
  await keyboard.press('?');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await keyboard.press('F1');
  await page.getByRole('dialog').getByText('switched off in Settings').waitFor();
  await keyboard.press('Escape');
  await keyboard.press('Control+f');
  await page.waitForFunction(() => document.activeElement?.hasAttribute('data-page-search'));

  // Diagnostics are shown as they are copied, and hold no secret.
  await palette('diagnostics');
  await keyboard.press('Enter');
  await at('#/settings/diagnostics');
  await page.waitForFunction(() => document.activeElement?.textContent === 'Copy');
  await keyboard.press('Enter');
  const text = await page.getByTestId('diagnostics').textContent();
  assert.match(text, /^Patchbay: \d/);
  assert.match(text, /Connections: 3 connected/);
  assert.ok(!text.includes('Sandbox') && !text.includes('127.0.0.1'), text);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);

  // Trouble of the pretend tools is told as it is.
  await rpc('sandbox_fault', { tool: 'tracker', fault: 'slow' });
  await page.reload();
  await page.getByRole('combobox', { name: 'Tool in trouble' }).waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-label="Trouble"]')?.value === 'Slow');
  await rpc('sandbox_reset');

  // A workspace is made, shown, named and deleted with everything in it.
  await page.evaluate(() => { location.hash = '/settings/workspaces'; });
  await page.getByRole('textbox', { name: 'New workspace' }).fill('Büro 2');
  await button(page, 'Make it').click();
  const shown = page.locator('nav.side').getByRole('button', { name: /Workspace: Büro 2/ });
  await shown.waitFor();
  await keyboard.press('Control+2');
  await page.getByText('No connections yet').waitFor();
  await page.reload();
  await shown.waitFor();
  await palette('workspace default');
  await keyboard.press('Enter');
  await page.locator('nav.side').getByRole('button', { name: /Workspace: Default/ }).waitFor();
  await page.evaluate(() => { location.hash = '/settings/workspaces'; });
  await page.getByRole('button', { name: 'Delete Büro 2' }).click();
  const sure = page.getByRole('alertdialog');
  await sure.getByRole('textbox').fill('Büro');
  await keyboard.press('Enter');
  await sure.getByText('That is not its name.').waitFor();
  await clean(page, 'delete a workspace');
  await sure.getByRole('textbox').fill('Büro 2');
  await keyboard.press('Control+Enter');
  await sure.waitFor({ state: 'detached' });
  await shown.waitFor({ state: 'detached' });
  assert.deepEqual(await rpc('workspace_list'), { workspaces: ['default'], labels: {} });
});
