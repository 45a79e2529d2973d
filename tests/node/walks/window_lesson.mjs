// The lesson in the real window: it works, it is broken on purpose, what is wrong is said with a button that mends it,
// and it works again. Then names that read from right to left: they are shown, and what stands around them stays.
import { assert, By, walk } from './window.mjs';

const CHAIN = 'تقرير יומי #7 (א)';
const STEP = 'خطوة ראשונה (1)';
const CHAT = "צ'אט הפיתוח [2]";

await walk(async ({ driver, rpc, button, within, text, find, go, shot }) => {
  // A question that was answered still fades over the page for a moment.
  const press = async (name) => {
    await driver.wait(async () => (await driver.findElements(By.css('.mantine-Modal-overlay'))).length === 0, 10_000, 'the question is gone');
    await (await button(name)).click();
  };
  const runs = async () => (await rpc('run_list')).runs.map((run) => run.state);
  const sound = async (name) => {
    const { wide, html, bad } = await driver.executeScript(() => ({
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      html: getComputedStyle(document.documentElement).direction,
      bad: document.body.innerText.includes('stopped working'),
    }));
    assert.deepEqual([wide <= 0, html, bad], [true, 'ltr', false], `${name}: ${wide} px too wide`);
    await shot(`lesson-${name}`);
  };

  await text('Connect your tools');
  assert.equal(await driver.executeScript(() => Intl.DateTimeFormat.supportedLocalesOf(navigator.language).length), 1, 'the language is one that there is');
  await (await find('.app-page button')).click();
  await (await button('Run')).click();
  await (await within("@role='dialog'", 'Run')).click();
  await text('That worked.');
  await sound('worked');
  await press('Break it');
  await text('Sandbox Chat is now in trouble');
  await press('Run again');
  // The check sees it before anything is sent, names the tool, and says how it ends.
  await text('Must fix');
  assert.match(await (await find('.finding.bad .finding-title')).getAttribute('textContent'), /^Sandbox Chat is not answering/);
  await text('because you asked for it');
  await sound('broken');
  assert.deepEqual(await runs(), ['done'], 'a run with a blocker never starts');
  // It is the sandbox that is in trouble, not the panel: gone and come again, the way out is still there.
  await press('Check again');
  await text('because you asked for it');
  await press('Mend it');
  await driver.wait(async () => (await runs()).join() === 'done,done', 30_000, 'a second run');
  await text('That worked.');
  await button('Break it');
  await sound('mended');

  // Where things stand, names aside: what a page looks like does not depend on what something is called.
  const look = async (path, wanted) => {
    await go(path);
    await driver.wait(async () => (await driver.executeScript(() => document.querySelector('main')?.innerText ?? '')).includes(wanted), 20_000, `${path}: ${wanted}`);
    if (path.includes('/step/')) await find('aside.panel');
    const measured = () =>
      driver.executeScript(() =>
        [...document.querySelectorAll('nav a, h1, .page-actions button, .panel, [data-step]')].map((one) => {
          const { left, right } = one.getBoundingClientRect();
          // A title is as wide as its words.
          return [one.tagName, Math.round(left), one.tagName === 'H1' ? '' : Math.round(right)].join(' ');
        }),
      );
    // A panel slides in, and the canvas goes where there is room for it: all of it has come to rest when nothing
    // has moved for half a second.
    let [before, since] = [[], Date.now()];
    await driver.wait(async () => {
      const now = await measured();
      if (now.join() !== before.join()) [before, since] = [now, Date.now()];
      return Date.now() - since > 500;
    }, 10_000, 'rest');
    return before;
  };
  const [kept] = (await rpc('chain_list')).chains;
  const { chain } = await rpc('chain_export', { chain: kept.id });
  const [run] = (await rpc('run_list')).runs;
  const pages = (name, step, chat) => [
    ['/chains', name],
    [`/chains/${kept.id}`, step],
    [`/chains/${kept.id}/step/message`, step],
    ['/connections', chat],
    [`/connections/${encodeURIComponent(chat)}`, chat],
    ['/health', chat],
    [`/runs/${run.id}`, step],
  ];
  const usual = [];
  for (const [path, wanted] of pages(chain.name, 'Send a message', 'Sandbox Chat')) usual.push(await look(path, wanted));
  await rpc('connection_rename', { name: 'Sandbox Chat', newName: CHAT });
  const { chain: renamed } = await rpc('chain_export', { chain: kept.id });
  await rpc('chain_save', { id: kept.id, chain: { ...renamed, name: CHAIN, steps: renamed.steps.map((step) => (step.id === 'message' ? { ...step, name: STEP } : step)) } });
  for (const [nth, [path, wanted]] of pages(CHAIN, STEP, CHAT).entries()) {
    // What has run keeps the names that it ran with.
    if (path.startsWith('/runs/')) continue;
    assert.deepEqual(await look(path, wanted), usual[nth], path);
    // A name is written in its own direction, and cut at its own end.
    const [named, mixed] = await driver.executeScript((names) => {
      const own = [...document.querySelectorAll('main *')].filter((one) => one.offsetParent !== null && [...one.childNodes].some((node) => node.nodeType === 3 && names.some((name) => node.data.includes(name))));
      return [own.length, own.filter((one) => getComputedStyle(one).unicodeBidi !== 'plaintext').map((one) => `${one.tagName}.${one.className}: ${one.textContent}`)];
    }, [CHAIN, STEP, CHAT]);
    assert.ok(named > 0, `${path} shows a name`);
    assert.deepEqual(mixed, [], path);
    await sound(`names-${nth}`);
  }
  await go(`/chains/${kept.id}`);
  await press('Run');
  await (await within("@role='dialog'", 'Run')).click();
  await text('That worked.');
  await sound('names-ran');
});
