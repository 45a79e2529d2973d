// Pictures of the running product, light and dark, for docs/pictures. The tools are its own pretend ones under
// definitions of the user's own, so that they count as what people connect.
import { writeFile } from 'node:fs/promises';
import { assert, button, facts, rpc, walk } from './support.mjs';

const { chain: first } = await rpc('sandbox_start');
const { origins } = await rpc('connection_show', { name: 'Sandbox Chat' });
const access = await (await fetch(`${origins[0]}/control/access`)).json();

/** Connects a pretend tool under a name of its own. */
async function connect(tool, name, baseUrl, auth, secrets) {
  const id = name.toLowerCase().replaceAll(' ', '-');
  const { text } = await rpc('descriptor_text', { connector: `sandbox-${tool}` });
  const own = JSON.parse(text);
  await rpc('descriptor_add', { file: `${id}.json`, text: JSON.stringify({ ...own, id, name }) });
  await rpc('connection_create', { connector: id, name, auth, config: { baseUrl }, secrets, allowPrivate: true });
}
await connect('tracker', 'Issue Board', access.trackerUrl, 'token', { token: access.trackerToken });
await connect('chat', 'Team Chat', access.chatUrl, 'key', { key: access.chatKey });
await connect('sheet', 'Backlog Sheet', access.sheetUrl, 'key', { key: access.sheetKey });

for (const name of ['Sandbox Tracker', 'Sandbox Chat', 'Sandbox Sheet']) await rpc('connection_disconnect', { name, withSignals: true });

const to = (target, template) => ({ target, source: { type: 'template', template } });
/** One issue has no text for the chat: its item fails, the others get through. */
const text = '{{ "" if "20 MB" in item.title else "Bug: " ~ item.title }}';
const chain = {
  schema: 1,
  name: 'Bugs to the team',
  description: 'Announces bugs, and keeps the rest in a sheet.',
  policy: { onFailure: 'skip_item' },
  steps: [
    { id: 'issues', name: 'Read open issues', connection: 'Issue Board', operation: 'list_issues', mapping: [{ target: '/state', source: { type: 'fixed', value: 'open' } }] },
    { id: 'kind', name: 'Is it a bug?', forEach: 'issues', logic: { type: 'branch', ways: [{ name: 'bug', when: [{ path: '$.item.labels[*]', operator: 'equals', value: 'bug' }] }], otherwise: 'later' } },
    { id: 'tell', name: 'Tell the team', connection: 'Team Chat', operation: 'send_message', forEach: 'issues', on: { branch: 'kind', way: 'bug' }, mapping: [to('/text', text)] },
    { id: 'comment', name: 'Note it in the issue', connection: 'Issue Board', operation: 'add_comment', forEach: 'issues', on: { branch: 'kind', way: 'bug' }, mapping: [{ target: '/number', source: { type: 'path', path: '$.item.number' } }, to('/body', 'Told in {{ steps.tell.channel }}')] },
    { id: 'keep', name: 'Keep it for later', connection: 'Backlog Sheet', operation: 'add_row', forEach: 'issues', on: { branch: 'kind', way: 'later' }, mapping: [{ target: '/name', source: { type: 'path', path: '$.item.title' } }, { target: '/status', source: { type: 'path', path: '$.item.state' } }] },
  ],
};
await rpc('chain_delete', { chain: first });
const { id } = await rpc('chain_save', { id: null, chain });
/** Runs it to its end and gives the run. */
const run = async () => {
  const started = await rpc('run_start', { chain: id, input: null, dryRun: false, queueOnly: false });
  await rpc('run_wait', { run: started.id });
  return started.id;
};
for (const name of ['Issue Board', 'Team Chat', 'Backlog Sheet']) await rpc('connection_test', { name });
await rpc('connection_sync', { name: 'Issue Board' });
await run();
await rpc('sandbox_fault', { tool: 'chat', fault: 'down' });
await run();
await rpc('health_check_now', { connection: null });
await rpc('sandbox_fault', { tool: 'chat', fault: null });
await rpc('health_check_now', { connection: null });
const shown = await run();

/** Name of the picture, its address, what is there once it is whole. */
const PICTURES = [
  ['start', '/start', (page) => page.getByRole('heading', { level: 1 })],
  ['catalogue', '/catalogue', (page) => page.getByTestId('card').nth(8)],
  ['wizard', '/catalogue/github-issues/connect', (page) => page.getByRole('dialog').getByRole('textbox').first()],
  ['chain', `/chains/${id}/step/keep`, (page) => page.getByTestId('field').first()],
  ['chains', '/chains', (page) => page.getByText('Urgent issues first')],
  ['connections', '/connections', (page) => page.getByText('Team Chat').first()],
  ['runs', '/runs', (page) => page.getByRole('row').nth(3)],
  ['settings', '/settings', (page) => page.getByRole('heading', { level: 1 })],
  ['run', `/runs/${shown}`, (page) => page.getByRole('table').first()],
  ['inbox', '/inbox', (page) => page.locator('.ib-item').nth(5)],
  ['health', '/health', (page) => page.getByTestId('health-row').first()],
];

/** Where something is drawn that differs each time: moments, durations, sizes, and what is drawn from them. */
const varying = (page) =>
  page.evaluate(() => {
    const found = [...document.querySelectorAll('.run-bar-track, [data-testid=chart], .hl-table svg, .hl-figure')].map((one) => one.getBoundingClientRect());
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      if (!/\d\s?(ms|s|sec|min|h|MB|kB|%)\b|\d:\d\d|\bago\b|\bnow\b|^[\d.,]+$/.test(texts.currentNode.data)) continue;
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      found.push(...range.getClientRects());
    }
    return found.filter((box) => box.width > 0).map((box) => [box.x, box.y, box.width, box.height].map(Math.round));
  });

/** Buttons of a page's head that stand outside of it, or over its title or its state. */
const cut = (page) =>
  page.evaluate(() => {
    const head = document.querySelector('.page-head');
    if (!head) return [];
    const whole = head.getBoundingClientRect();
    const begins = Math.max(...[...head.querySelectorAll('h1, .pill')].map((one) => one.getBoundingClientRect().right));
    const over = ({ left, right, width }) => width > 0 && (right > whole.right + 1 || left < begins - 1);
    return [...head.querySelectorAll('button')].filter((one) => over(one.getBoundingClientRect())).map((one) => one.textContent);
  });

await walk(async ({ open }) => {
  for (const scheme of ['light', 'dark']) {
    const page = await open({ scheme, reducedMotion: 'reduce' });
    const shoot = async (name) => {
      await page.waitForTimeout(600);
      assert.deepEqual(await cut(page), [], `${name}: the head of the page holds its buttons`);
      await page.screenshot({ path: `${facts.folder}/${name}-${scheme}.png` });
      if (facts.varying) await writeFile(`${facts.folder}/${name}-${scheme}.json`, JSON.stringify(await varying(page)));
    };
    for (const [name, path, whole] of PICTURES) {
      await page.evaluate((to) => { location.hash = to; }, path);
      await whole(page).waitFor();
      await shoot(name);
      if (name === 'wizard') await page.keyboard.press('Escape');
    }
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await shoot('palette');
    await page.keyboard.press('Escape');
    // What was run beside the chain.
    await page.evaluate((to) => { location.hash = to; }, `/chains/${id}`);
    await button(page, 'Run').click();
    await page.getByRole('dialog').getByRole('button', { name: /^Run/ }).last().click();
    await page.locator('aside').getByText(/not get through|failed|did not/i).first().waitFor();
    await page.getByText('No active runs').waitFor();
    await shoot('live');
    await page.close();
  }
});
