// The inbox: nothing yet, signals that come in by themselves, looked at, searched, put away and taken back,
// by keys; a filter that is kept. axe finds nothing in any of it.
import { clean as axeClean } from './axe.mjs';
import { assert, button, rpc, walk } from './support.mjs';

const clean = (page, name) => axeClean(page, name, { prefix: 'inbox-' });

await walk(async ({ open }) => {
  const page = await open({ path: '/inbox' });
  await page.getByText('Signals from your connections land here.').waitFor();
  await clean(page, 'empty');
  await rpc('sandbox_start', {});
  const rows = page.locator('.ib-row');
  await rows.first().waitFor();
  const listed = async () => (await rpc('signal_search', {})).signals;
  // Everything has been read once: nothing new comes for a while.
  let all = [];
  for (let before = -1; all.length !== before; await page.waitForTimeout(1_500)) {
    before = all.length;
    all = await listed();
  }
  await page.getByText(`${all.length} signals`, { exact: true }).waitFor();
  assert.equal(await page.locator('.ib-row.unread').count(), Math.min(all.length, await rows.count()), 'nobody has looked yet');
  await clean(page, 'list');

  // What is opened is looked at, by arrows too.
  await rows.first().click();
  await page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { name: all[0].summary }).waitFor();
  await page.locator('.ib-row[aria-current]').focus();
  await page.keyboard.press('j');
  await page.waitForFunction((id) => location.hash.endsWith(`/${id}`), all[1].id);
  await page.waitForFunction(() => document.activeElement?.classList.contains('ib-row') && document.activeElement.getAttribute('aria-current') === 'true');
  await page.locator('.ib-row:not(.unread)').nth(1).waitFor();
  await clean(page, 'detail');
  assert.equal((await listed()).filter((signal) => !signal.unread).length, 2);

  // Put away, and taken back.
  await page.keyboard.press('e');
  const toast = page.getByTestId('toast');
  await toast.getByText('The signal is archived.').waitFor();
  // By keys: from region to region to what was said last.
  for (let nth = 0; nth < 9 && !(await toast.evaluate((own) => own.contains(document.activeElement))); nth += 1) await page.keyboard.press('F6');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Undo');
  // Who is on it has time.
  await page.waitForTimeout(6_000);
  await clean(page, 'said');
  assert.equal((await listed()).length, all.length - 1);
  await page.keyboard.press('Enter');
  await page.getByText(`${all.length} signals`, { exact: true }).waitFor();
  await toast.waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');

  // Words, and a filter that is kept.
  const word = all[0].summary.split(/\s+/).sort((a, b) => b.length - a.length)[0];
  await page.getByLabel('Search summaries, people and labels').fill(word);
  const found = (await rpc('signal_search', { filter: { text: word } })).matching;
  assert.ok(found > 0 && found < all.length, `${word}: ${found} of ${all.length}`);
  await page.getByText(found === 1 ? '1 signal' : `${found} signals`, { exact: true }).waitFor();
  await button(page, 'Save this filter').click();
  await page.getByLabel('Name of the filter').fill('Mine');
  await button(page, 'Save').click();
  await button(page, 'Mine').waitFor();
  await clean(page, 'filtered');
  await page.getByLabel('Search summaries, people and labels').fill('nothing holds these words');
  await page.getByText('Nothing matches “nothing holds these words”').waitFor();
  await clean(page, 'no-match');
  await button(page, 'Mine').click();
  await page.getByText(found === 1 ? '1 signal' : `${found} signals`, { exact: true }).waitFor();

  // Forgotten, and taken back.
  await page.getByRole('button', { name: 'Forget the filter “Mine”' }).click();
  await button(page, 'Mine').waitFor({ state: 'detached' });
  await button(toast, 'Undo').click();
  await button(page, 'Mine').waitFor();
  assert.deepEqual((await rpc('signal_kinds_list', {})).saved.map((one) => one.name), ['Mine']);

  const dark = await open({ path: `/inbox/${all[0].id}`, scheme: 'dark' });
  await dark.locator('.ib-row').first().waitFor();
  await clean(dark, 'dark');
  const narrow = await open({ path: '/inbox', width: 960, height: 640 });
  await narrow.locator('.ib-row').first().waitFor();
  await clean(narrow, 'narrow');
});
