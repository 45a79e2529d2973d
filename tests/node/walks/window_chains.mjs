// Build one from nothing with the keyboard alone, a bad run that the check saves, and a failure in the middle that
// is undone: in the real window.
import { Key } from 'selenium-webdriver';
import { fixed, fourSteps } from './four_steps.mjs';
import { assert, By, walk } from './window.mjs';

await walk(async ({ driver, rpc, button, within, find, text, go, shot }) => {
  const until = (what, holds, ms = 20_000) => driver.wait(holds, ms, what);
  const keys = (...all) => driver.actions().sendKeys(...all).perform();
  const chord = (key) => driver.actions().keyDown(Key.CONTROL).sendKeys(key).keyUp(Key.CONTROL).perform();
  const focused = (script, ...args) => driver.executeScript(script, ...args);
  const onStep = (id) => until(`the focus on ${id}`, () => focused((wanted) => document.activeElement?.getAttribute('data-step') === wanted, id));
  const says = (pill) => until(pill, () => focused((word) => [...document.querySelectorAll('[data-testid=pill]')].some((own) => own.textContent.trim() === word), pill), 40_000);
  const there = (css) => until(css, () => focused((wanted) => document.querySelector(wanted) !== null, css));

  // Two: nothing is clicked.
  await rpc('sandbox_start');
  for (const chain of (await rpc('chain_list')).chains) await rpc('chain_delete', { chain: chain.id });
  await go('/chains');
  await until('the page', () => focused(() => document.querySelector('h1')?.textContent === 'Chains'));
  await chord('n');
  await there('.editor .empty');
  for (let nth = 0; nth < 60 && !(await focused(() => (document.activeElement?.textContent ?? '').trim() === 'Add step')); nth += 1) await keys(Key.TAB);
  await keys(Key.ENTER);
  await there('[role=combobox]');
  await keys('list issues', Key.ENTER);
  await there('[data-step=list_issues]');
  await keys(Key.ESCAPE);
  await onStep('list_issues');
  await keys('a');
  await there('[role=combobox]');
  await keys('send message', Key.ENTER);
  await text('fields matched');
  await until('it is kept', () => focused(() => document.querySelector('[data-testid=saved]')?.textContent === 'Saved'));
  await chord(Key.ENTER);
  await until('the question', () => focused(() => document.querySelector('[role=dialog]') !== null && document.activeElement?.textContent?.trim() === 'Run'));
  await keys(Key.ENTER);
  await says('Done');
  await shot('walk-02');

  // Six: what the message needs is taken away.

  const tell = await rpc('chain_import', { chain: { schema: 1, name: 'Tell', steps: [{ id: 'message', connection: 'Sandbox Chat', operation: 'send_message', mapping: [fixed('/text', 'Hello')] }] } });
  const runs = async () => (await rpc('run_list')).total;
  const before = await runs();
  await go(`/chains/${tell.id}/step/message`);
  await (await find('[data-target="/text"] button')).click();
  await (await button('Let Patchbay choose')).click();
  await there('[data-step=message].bad');
  await (await button('Run')).click();
  await until('the focus on what to mend', () => focused(() => document.activeElement?.closest('.finding.bad') !== null && document.activeElement !== document.body));
  assert.equal(await runs(), before, 'a run with a blocker never starts');
  await keys(Key.ENTER);
  await there('[role=dialog] .mantine-SegmentedControl-root');
  await (await driver.findElement(By.xpath("//*[@role='dialog']//*[normalize-space(text())='Fixed value']"))).click();
  await there('[role=dialog] .mantine-TextInput-input');
  await (await find('[role=dialog] .mantine-TextInput-input')).sendKeys('Saved by the check');
  await (await within("@role='dialog'", 'Use this')).click();
  await there('[data-step=message]:not(.bad)');
  await (await button('Run')).click();
  await (await within("@role='dialog'", 'Run')).click();
  await until('it ran', async () => (await runs()) === before + 1);
  await says('Done');
  await shot('walk-06');

  // Seven: the chat goes down after step 2 of 4.
  const four = await rpc('chain_import', { chain: fourSteps({ wait: 5, tries: 3 }) });
  await go(`/chains/${four.id}`);
  await there('[data-step=tell]');
  await (await button('Run')).click();
  await (await within("@role='dialog'", 'Run')).click();
  await text('2 of 4 steps');
  await rpc('sandbox_fault', { tool: 'chat', fault: 'down' });
  await text(' of 3, in ');
  await says('Failed');
  await (await driver.findElement(By.linkText('Open report'))).click();
  await (await button('Undo 2 finished steps')).click();
  await says('Could not undo');
  await says('Undone');
  await shot('walk-07');
  await rpc('sandbox_fault', { tool: 'chat', fault: null });
  await (await button('Run failed items only')).click();
  await until('the rest', async () => (await rpc('run_report', { run: 'last' })).report.state === 'done');
  await says('Done');
  assert.equal((await rpc('run_list')).runs[0].origin, 'failed_items');
});
