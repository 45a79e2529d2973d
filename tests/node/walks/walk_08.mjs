// Find it: among hundreds of connectors, ten thousand runs and very many signals. Three keys after the word
// run a chain; failed runs of the last day are two clicks away; lists hold a screenful, and no row is blank.
import { clean } from './axe.mjs';
import { assert, facts, rpc, walk } from './support.mjs';

const MOST_CARDS = 60;
const MOST_ROWS = 90;

await walk(async ({ open }) => {
  const page = await open({ path: '/catalogue' });
  const { keyboard } = page;
  const cards = page.getByTestId('card');
  await cards.first().waitFor();
  const total = (await rpc('catalogue_list', {})).connectors.length;
  assert.ok(total >= facts.connectors, `${total} connectors`);
  const few = async (where) => assert.ok((await cards.count()) <= MOST_CARDS, `${where}: ${await cards.count()} cards in the page`);
  await few('at first');
  // To the end and back: cards come as they are wanted, and none is left out.
  const grid = page.locator('.cat-scroll');
  for (const share of [0.25, 0.5, 0.75, 1]) {
    await grid.evaluate((element, part) => { element.scrollTop = element.scrollHeight * part; }, share);
    await page.waitForFunction(() => {
      const frame = document.querySelector('.cat-scroll').getBoundingClientRect();
      const seen = [...document.querySelectorAll('[data-testid=card]')].map((card) => card.getBoundingClientRect()).filter((card) => card.bottom > frame.top && card.top < frame.bottom);
      return seen.length > 0 && Math.max(...seen.map((card) => card.bottom)) >= frame.bottom - 40;
    });
    await few(`at ${share}`);
  }
  assert.equal(await cards.last().getAttribute('aria-posinset'), String(total), 'the last one is there');
  const list = await page.locator('.cat-rows').elementHandle();
  await keyboard.press('/');
  await keyboard.type('tool 49');
  await page.getByRole('heading', { name: 'Tool 49', exact: true }).waitFor();
  await few('searched');
  assert.ok(await list.evaluate((rows) => rows.isConnected), 'the cards are not drawn anew, and the page not blank, at each key');
  assert.equal(await grid.evaluate((element) => element.scrollTop), 0, 'what is found is seen from its beginning');
  assert.equal(await cards.first().getByRole('heading').textContent(), 'Tool 49');
  await clean(page, 'many connectors');

  // The palette: the word, then at most three keys.
  await keyboard.press('Control+k');
  await page.waitForFunction(() => document.activeElement?.matches('[role=dialog] [role=combobox]'));
  await keyboard.type('run issue digest');
  let keys = 0;
  const first = page.locator('[role=option][aria-selected=true]');
  while (!(await first.textContent())?.startsWith('Run Issue digest')) {
    await keyboard.press('ArrowDown');
    keys += 1;
    assert.ok(keys < 3, 'it is further down than three keys');
  }
  // It has no steps, so that it says why it is not run; opening it is the same number of keys away.
  assert.match(await first.textContent(), /It has no steps yet/);
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  keys += 2;
  assert.ok(keys <= 3, `${keys} keys after the word`);
  await page.waitForFunction(() => location.hash.startsWith('#/chains/'));

  // Failed runs: two clicks, from anywhere.
  const clicks = page.clicks();
  await page.press(page.getByRole('link', { name: /^Runs/ }));
  await page.getByRole('table', { name: 'Runs' }).waitFor();
  await page.press(page.getByRole('button', { name: 'Failed in the last day', exact: true }));
  assert.ok(page.clicks() - clicks <= 2);
  const rows = page.locator('.runs-table tbody tr[data-index]');
  await rows.first().waitFor();
  for (const text of await rows.allTextContents()) assert.match(text, /^Failed/, 'failed ones only');
  // To the end, however far that has to be looked for: what is older than a day is not there.
  await page.waitForFunction(() => {
    const frame = document.querySelector('.runs-scroll');
    frame.scrollTop = frame.scrollHeight;
    return document.querySelector('.runs-more') === null;
  }, undefined, { polling: 100 });
  const failed = Number(await page.getByRole('table', { name: 'Runs' }).getAttribute('aria-rowcount')) - 1;
  await page.locator(`.runs-table tbody tr[data-index="${failed - 1}"]`).waitFor();
  const day = 24 * 3_600_000;
  for (const time of await rows.locator('time').all()) assert.ok(Date.now() - Date.parse(await time.getAttribute('datetime')) <= day, 'of the last day only');
  await page.press(page.getByRole('button', { name: 'Clear filters', exact: true }));

  // Ten thousand rows: wherever one scrolls to, what is in sight is there.
  await page.locator('.runs-scroll').evaluate((frame) => { frame.scrollTop = 0; });
  const whole = (frameClass, rowClass) => page.waitForFunction(([frameAt, rowsAt]) => {
    const frame = document.querySelector(frameAt).getBoundingClientRect();
    const seen = [...document.querySelectorAll(rowsAt)].filter((row) => row.getBoundingClientRect().bottom > frame.top && row.getBoundingClientRect().top < frame.bottom);
    const height = seen.reduce((sum, row) => sum + row.getBoundingClientRect().height, 0);
    return seen.length > 5 && height >= frame.height * 0.8 && seen.every((row) => row.textContent.trim() !== '');
  }, [frameClass, rowClass]);
  for (const share of [0.1, 0.5, 0.9, 0.3, 1]) {
    await page.locator('.runs-scroll').evaluate((frame, part) => { frame.scrollTop = frame.scrollHeight * part; }, share);
    await whole('.runs-scroll', '.runs-table tbody tr[data-index]');
    assert.ok((await rows.count()) <= MOST_ROWS, `${await rows.count()} rows in the page`);
  }
  assert.equal(await page.getByRole('table', { name: 'Runs' }).getAttribute('aria-rowcount'), String(facts.runs + 1));

  // The inbox: page after page, as somebody scrolls.
  await page.evaluate(() => { location.hash = '/inbox'; });
  const items = page.locator('.ib-item');
  await items.first().waitFor();
  let place = 0;
  // A page is a hundred; a turn may see the end of one before the next has come.
  for (let turn = 0; turn < 30 && place <= 1_000; turn += 1) {
    await page.locator('.ib-scroll').evaluate((frame) => { frame.scrollTop = frame.scrollHeight; });
    // The next page comes by itself once the end of the last one is near.
    await page.waitForFunction((before) => Number([...document.querySelectorAll('.ib-item')].at(-1)?.getAttribute('aria-posinset')) > before, place);
    place = Number(await items.last().getAttribute('aria-posinset'));
    await whole('.ib-scroll', '.ib-item');
    assert.ok((await items.count()) <= MOST_ROWS, `${await items.count()} signals in the page`);
  }
  assert.ok(place > 1_000, `pages came: ${place}`);
  console.log(`${total} connectors, ${facts.runs} runs, ${facts.signals} signals`);
});
