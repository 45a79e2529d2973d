// Build one from nothing: at most 9 clicks, no drag, nothing typed but search.
import { assert, button, rpc, walk } from './support.mjs';

await rpc('sandbox_start');
const { chains } = await rpc('chain_list');
for (const chain of chains) await rpc('chain_delete', { chain: chain.id });

await walk(async ({ open, elapsed }) => {
  const page = await open({ path: '/chains' });
  await page.press(page.locator('.page-actions').getByRole('button', { name: 'New chain' }));
  await page.press(page.locator('.editor').getByRole('button', { name: 'Add step' }));
  await page.keyboard.type('list issues');
  await page.press(page.getByRole('option', { name: /List issues/ }));
  await page.press(button(page, 'Add step'));
  await page.keyboard.type('send message');
  await page.press(page.getByRole('option', { name: /Send message/ }));
  await page.getByText(/1 of 2 fields matched/).first().waitFor();
  await page.press(button(page, 'Run'));
  await page.press(page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }));
  await page.getByTestId('headline').waitFor();
  await page.locator('.panel').getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();
  assert.ok(page.clicks() <= 9, `${page.clicks()} clicks`);
  const { report } = await rpc('run_report', { run: 'last' });
  assert.equal(report.state, 'done');
  assert.ok(report.steps[1].done >= 7, `${report.steps[1].done} messages`);
  console.log(`${page.clicks()} clicks, ${elapsed()} ms`);
});

// The same with the keyboard alone: nothing is clicked and nothing is given the focus from outside.
await walk(async ({ open }) => {
  const page = await open({ path: '/chains' });
  const { keyboard } = page;
  const there = (said) => page.evaluate((wanted) => (document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim().includes(wanted), said);
  /** Tab, until what has the focus says so. */
  const tabTo = async (said) => {
    for (let nth = 0; nth < 60; nth += 1) {
      if (await there(said)) return;
      await keyboard.press('Tab');
    }
    assert.fail(`Tab never came to ${said}`);
  };
  await page.getByRole('heading', { level: 1, name: 'Chains' }).waitFor();
  await keyboard.press('Control+n');
  await page.locator('.editor .empty').waitFor();
  await tabTo('Add step');
  await keyboard.press('Enter');
  await page.getByRole('combobox').waitFor();
  await keyboard.type('list issues');
  await keyboard.press('Enter');
  await page.locator('[data-step=list_issues]').waitFor();
  await page.getByTestId('saved').filter({ hasText: /^Saved$/ }).waitFor();
  // Esc closes the panel and leaves the focus on the step.
  await keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-step') === 'list_issues');
  await keyboard.press('a');
  await page.getByRole('combobox').waitFor();
  await keyboard.type('send message');
  await keyboard.press('Enter');
  await page.getByText(/1 of 2 fields matched/).first().waitFor();
  await keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-step') === 'send_message');
  // F2 gives a step another name.
  await keyboard.press('ArrowUp');
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-step') === 'list_issues');
  await keyboard.press('F2');
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');
  await keyboard.type('What is open');
  await keyboard.press('Enter');
  await page.locator('[data-step=list_issues]').filter({ hasText: 'What is open' }).waitFor();
  await keyboard.press('Control+Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).waitFor();
  // The button has the focus already.
  await page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Run');
  await keyboard.press('Enter');
  await page.locator('.panel').getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();
  const { runs } = await rpc('run_list', { offset: 0 });
  assert.deepEqual(runs.map((run) => run.state), ['done', 'done']);
});
