// Connect by key: at most 6 clicks beside the two that point the tool at this computer.
import { assert, button, facts, rpc, walk } from './support.mjs';

await walk(async ({ open, elapsed }) => {
  const page = await open({ path: '/catalogue' });
  await page.getByRole('heading', { level: 1, name: 'Catalogue' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('git');

  await page.press(page.getByRole('button', { name: /Connect GitHub Issues/ }).first());
  const dialog = page.getByRole('dialog');
  await dialog.locator('input[type=password]').first().fill(facts.token);
  await dialog.getByText('Advanced', { exact: true }).click();
  await dialog.getByLabel(/address/i).first().fill(facts.service);
  await dialog.getByRole('checkbox').check();
  await page.press(dialog.getByRole('button', { name: 'Continue', exact: true }));
  // The tool itself says which repositories there are; its owner comes with the one that is chosen.
  await dialog.getByPlaceholder('Choose one').waitFor();
  const repository = dialog.getByRole('combobox', { name: /Repository/ });
  assert.ok(await repository.evaluate((at) => at === document.activeElement), 'the first field has the focus');
  await page.keyboard.type('hello');
  await page.press(page.getByRole('option', { name: 'octocat/Hello-World' }));
  assert.equal(await dialog.getByLabel(/Owner/).inputValue(), 'octocat');
  await page.press(dialog.getByRole('button', { name: 'Continue', exact: true }));
  await dialog.getByText('OK', { exact: true }).first().waitFor();
  await page.press(dialog.getByRole('button', { name: 'Continue', exact: true }));
  await page.press(dialog.getByRole('button', { name: 'Finish', exact: true }));
  await dialog.getByText(/What next/).waitFor();
  assert.ok(page.clicks() <= 6, `${page.clicks()} clicks`);
  assert.ok(elapsed() < 60_000, `${elapsed()} ms`);
  const { connections } = await rpc('connection_list', { offset: 0, limit: 10 });
  // It may be read at this moment.
  const atRest = (state) => (state === 'active' ? 'connected' : state);
  assert.deepEqual(connections.map((c) => [c.connector, atRest(c.state)]), [['github-issues', 'connected']]);
  // What was typed is nowhere on the screen, in the page or in its store.
  const left = await page.evaluate(() => document.documentElement.outerHTML + JSON.stringify(localStorage) + JSON.stringify(sessionStorage));
  assert.ok(!left.includes(facts.token), 'the key is still in the page');
  console.log(`${page.clicks()} clicks, ${elapsed()} ms`);
});

// From within a chain: a tool that is not connected yet is connected there, and its step is added.
await rpc('sandbox_start');
await walk(async ({ open }) => {
  const page = await open({ path: '/chains' });
  await page.locator('.page-actions').getByRole('button', { name: 'New chain' }).click();
  await page.locator('.editor').getByRole('button', { name: 'Add step' }).click();
  await page.keyboard.type('pull requests');
  await page.getByRole('option', { name: /Connect GitHub Pull Requests/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('input[type=password]').first().fill(facts.token);
  await dialog.getByText('Advanced', { exact: true }).click();
  await dialog.getByLabel(/address/i).first().fill(facts.service);
  await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Continue', exact: true }).click();
  await dialog.getByPlaceholder('Choose one').waitFor();
  await button(dialog, 'Type it myself').click();
  await dialog.getByRole('textbox', { name: /Repository/ }).fill('hello-world');
  await dialog.getByLabel(/Owner/).fill('octocat');
  await dialog.getByRole('button', { name: 'Continue', exact: true }).click();
  await dialog.getByRole('button', { name: 'Continue', exact: true }).click();
  await dialog.getByRole('button', { name: 'Finish', exact: true }).click();
  await dialog.getByRole('button', { name: 'Use in this chain', exact: true }).click();
  await page.getByRole('option', { name: /List pull requests/ }).click();
  await page.locator('[data-step=list_pull_requests]').waitFor();
  assert.match(page.url(), /#\/chains\//);
});
