// Every screen and state, light and dark: axe finds nothing (A, AA, 2.2).
import { clean as axeClean } from './axe.mjs';
import { assert, rpc, walk } from './support.mjs';

let looked = 0;

async function clean(page, name) {
  await axeClean(page, name);
  looked += 1;
}

const to = (page, path) => page.evaluate((hash) => { location.hash = hash; }, path);

await walk(async ({ open }) => {
  for (const scheme of ['light', 'dark']) {
    const page = await open({ scheme });
    if (scheme === 'light') {
      // Nothing there yet.
      for (const path of ['/start', '/connections', '/chains', '/runs', '/health']) {
        await to(page, path);
        await clean(page, `${scheme} empty ${path}`);
      }
      await rpc('sandbox_start');
      const { chains: [{ id }] } = await rpc('chain_list');
      await rpc('run_start', { chain: id, input: null, dryRun: false, queueOnly: false });
      await rpc('run_wait', { run: 'last' });
      await rpc('sandbox_fault', { tool: 'chat', fault: 'expired' });
      await rpc('run_start', { chain: id, input: null, dryRun: false, queueOnly: false });
      await rpc('run_wait', { run: 'last' });
      await rpc('connection_test', { name: 'Sandbox Chat' });
    }
    const { chains: [{ id }] } = await rpc('chain_list');
    const { runs } = await rpc('run_list', { offset: 0 });
    await to(page, '/start');
    await clean(page, `${scheme} start`);
    await to(page, '/catalogue');
    await clean(page, `${scheme} catalogue`);
    await to(page, '/catalogue/github-issues');
    await clean(page, `${scheme} connector`);
    await to(page, '/catalogue/github-issues/connect');
    await page.getByRole('dialog').waitFor();
    await clean(page, `${scheme} wizard`);
    await page.keyboard.press('Escape');
    await to(page, '/catalogue/new');
    await page.locator('.cm-content').waitFor();
    await clean(page, `${scheme} new connector`);
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('x');
    await page.getByRole('list', { name: 'Mistakes' }).waitFor();
    await clean(page, `${scheme} new connector with a mistake`);
    await page.keyboard.press('Backspace');
    await page.getByRole('button', { name: 'Import' }).click();
    await page.getByRole('menuitem', { name: 'Paste JSON' }).click();
    await page.getByRole('dialog').waitFor();
    await clean(page, `${scheme} paste a definition`);
    await page.keyboard.press('Escape');
    await to(page, '/catalogue/new/sandbox-tracker');
    await page.getByRole('button', { name: 'Try it', exact: true }).click();
    await page.getByRole('button', { name: /^Page 2/ }).waitFor();
    for (const tab of ['Items', 'Signals', 'Request', 'Response', 'Found fields']) {
      await page.getByRole('tab', { name: tab }).click();
      if (tab === 'Response') await page.getByRole('button', { name: /^title:/ }).first().click();
      await clean(page, `${scheme} try it ${tab}`);
    }
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('"s');
    await page.locator('.cm-tooltip-autocomplete').waitFor();
    await clean(page, `${scheme} suggestions`);
    await page.keyboard.press('Escape');
    await to(page, '/connections');
    await clean(page, `${scheme} connections`);
    await to(page, '/connections/Sandbox%20Chat');
    await clean(page, `${scheme} connection with trouble`);
    for (const tab of ['Data', 'Set-up']) {
      await page.getByRole('tab', { name: tab }).click();
      await clean(page, `${scheme} connection ${tab}`);
    }
    await to(page, '/chains');
    await clean(page, `${scheme} chains`);
    await to(page, `/chains/${id}`);
    await clean(page, `${scheme} chain`);
    await to(page, `/chains/${id}/step/message`);
    await page.getByTestId('field').first().waitFor();
    await clean(page, `${scheme} mapping`);
    await page.getByRole('button', { name: /comes from/ }).first().click();
    await clean(page, `${scheme} source`);
    await page.keyboard.press('Escape');
    for (const tab of ['Data', 'Settings', 'On failure']) {
      await page.getByRole('tab', { name: tab }).click();
      await clean(page, `${scheme} step ${tab}`);
    }
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByText(/thing to mend|Ready to run/).first().waitFor();
    await clean(page, `${scheme} check`);
    await page.getByRole('button', { name: 'Add step', exact: true }).click();
    await clean(page, `${scheme} add step`);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /List view|Canvas/ }).first().click();
    await clean(page, `${scheme} list view`);
    await page.getByRole('button', { name: /List view|Canvas/ }).first().click();
    await to(page, '/runs');
    await clean(page, `${scheme} runs`);
    for (const run of runs) {
      await to(page, `/runs/${run.id}`);
      await clean(page, `${scheme} run ${run.state}`);
    }
    await to(page, '/health');
    await page.getByTestId('health-row').first().waitFor();
    await clean(page, `${scheme} health`);
    await to(page, '/health/Sandbox%20Chat');
    await page.getByTestId('sentence').waitFor();
    await clean(page, `${scheme} health of a connection with trouble`);
    await to(page, '/settings');
    await page.getByTestId('health-rules').getByRole('textbox').first().waitFor();
    await clean(page, `${scheme} settings`);
    await to(page, '/runs/nowhere');
    await clean(page, `${scheme} run that is gone`);
    await to(page, '/nowhere');
    await clean(page, `${scheme} no such page`);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await clean(page, `${scheme} palette`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await clean(page, `${scheme} shortcuts`);
    await page.close();
  }
  const page = await open({ withToken: false });
  await clean(page, 'token');
}, { expected: [/401/] });
console.log(`${looked} screens`);
assert.ok(looked >= 50);
