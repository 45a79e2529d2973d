// Data of a step in three ways, pinned and built on; runs that do less than their chain; a run's data in the editor.
import { assert, button, rpc, walk } from './support.mjs';

const SHOTS = process.env.PATCHBAY_SHOTS;

await rpc('sandbox_start');
const path = (target, from) => ({ target, source: { type: 'path', path: from }, by: 'hand' });
const document = {
  schema: 1,
  name: 'Tell everybody',
  steps: [
    { id: 'find', connection: 'Sandbox Tracker', operation: 'list_issues' },
    { id: 'tell', connection: 'Sandbox Chat', operation: 'send_message', forEach: 'find', mapping: [path('/text', '$.item.title')] },
    { id: 'note', connection: 'Sandbox Sheet', operation: 'add_row', mapping: [{ target: '/name', source: { type: 'fixed', value: 'Told' } }] },
  ],
};
const { id } = await rpc('chain_import', { chain: document });

await walk(async ({ open }) => {
  for (const [scheme, width, height] of [['light', 1440, 900], ['dark', 960, 700]]) {
    const started = await rpc('run_start', { chain: id, items: 3 });
    await rpc('run_wait', { run: started.id });
    const page = await open({ path: `/chains/${id}/step/find`, scheme, width, height });
    const shot = (name) => SHOTS && page.screenshot({ path: `${SHOTS}/${name}-${scheme}.png` });
    const panel = page.locator('.panel');
    await panel.getByRole('tab', { name: 'Data' }).click();
    const out = panel.getByRole('region', { name: 'Out' });
    // A table, in which a value is picked, with the path that mappings use.
    await out.getByRole('columnheader', { name: 'title' }).waitFor();
    assert.equal(await out.locator('tbody tr').count(), 3);
    const first = await out.locator('tbody tr').first().locator('td').nth(1).textContent();
    await out.locator('tbody tr').first().locator('.data-cell').nth(1).click();
    await out.getByText('$.steps.find[0].title').waitFor();
    await out.getByRole('button', { name: 'Copy path' }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '$.steps.find[0].title');
    await shot('data-table');
    await out.getByText('Tree', { exact: true }).click();
    await out.getByRole('button', { name: 'Show what is in 0' }).click();
    await out.getByRole('button', { name: /^title/ }).first().waitFor();
    await shot('data-tree');
    await out.getByText('JSON', { exact: true }).click();
    await out.locator('pre').filter({ hasText: '"title"' }).waitFor();
    await out.getByRole('textbox', { name: 'Search in Out' }).fill('nobody has this');
    await out.getByText('Nothing matches “nobody has this”').waitFor();
    await out.getByRole('button', { name: 'Clear filters' }).click();
    // Pinned, it is built on: by the preview of the next step, and by that step alone.
    await button(panel, 'Pin').click();
    await panel.getByText(/Pinned .*runs do not/).waitFor();
    await page.locator('[data-step=find]').getByRole('img', { name: 'pinned' }).waitFor();
    await shot('data-pinned');
    await rpc('operation_call', { name: 'Sandbox Tracker', operation: 'create_issue', params: { title: `New in ${scheme}` } });
    const all = await rpc('run_wait', { run: (await rpc('run_start', { chain: id })).id });
    assert.ok(all.steps[0].itemsOut > 3, 'a run reads no pin');
    await page.locator('[data-step=tell]').click();
    await panel.getByText('from what is pinned').waitFor();
    assert.ok((await panel.locator('[data-target="/text"]').textContent()).includes(first.slice(0, 20)));
    await panel.getByRole('tab', { name: 'Data' }).click();
    await button(panel, 'Run only this step').click();
    await button(panel, 'Run it: it changes something').click();
    await panel.getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();
    const alone = (await rpc('run_report', { run: 'last' })).report;
    assert.deepEqual([alone.steps[0].calls, alone.steps[1].done], [0, 3], 'what is pinned is not asked for again');

    // The check reminds, and lets go of it.
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await panel.getByRole('region', { name: 'Pinned' }).waitFor();
    await button(panel, 'Limit to 50 items').waitFor();
    await shot('check-pinned');
    await panel.getByRole('button', { name: /^Unpin/ }).click();
    await panel.getByRole('region', { name: 'Pinned' }).waitFor({ state: 'detached' });
    // A run with the first items alone, which says so.
    await button(panel, 'Limit to 50 items').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'How many items' }).fill('2');
    await shot('run-limited');
    await button(dialog, 'Run').click();
    await panel.getByTestId('headline').filter({ hasText: 'Only the first 2 items of each list' }).waitFor();
    await panel.getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();

    // A tool that is down is left out where nothing needs its step.
    await rpc('sandbox_fault', { tool: 'sheet', fault: 'down' });
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await panel.getByRole('button', { name: /^Run without “/ }).waitFor();
    await shot('check-without');
    await panel.getByRole('button', { name: /^Run without “/ }).click();
    await dialog.getByText(/^It runs without/).waitFor();
    await button(dialog, 'Run').click();
    await panel.getByTestId('headline').filter({ hasText: /Without "/ }).waitFor();
    await panel.getByTestId('pill').filter({ hasText: /^Done$/ }).waitFor();
    await rpc('sandbox_fault', { tool: 'sheet', fault: null });
    const without = (await rpc('run_report', { run: 'last' })).report;
    assert.deepEqual(without.steps.map((step) => step.step), ['find', 'tell']);

    // The data of an earlier run in the editor; the chain has changed since.
    const { chain } = await rpc('chain_export', { chain: id });
    await rpc('chain_save', { id, chain: { ...chain, description: `Since ${scheme}` } });
    await page.evaluate((run) => { location.hash = `/runs/${run}`; }, started.id);
    await page.locator('.run-headline').filter({ hasText: 'Only the first 3 items' }).waitFor();
    await page.locator('.page-head').getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Open in editor with this data' }).click();
    await dialog.getByText(`This run used version ${started.chainVersion};`).waitFor();
    await shot('open-which');
    await dialog.getByRole('button', { name: /with this data$/ }).click();
    await page.getByTestId('sample-run').waitFor();
    await page.locator('[data-step=tell]').click();
    await panel.getByRole('tab', { name: 'Mapping' }).click();
    await panel.getByText('from the run you opened').waitFor();
    await shot('run-data');
    await page.getByRole('button', { name: 'Let go' }).click();
    await panel.getByText('from the last run').waitFor();

    // Two runs once more, with another input: what they do is said first.
    await page.evaluate(() => { location.hash = '/runs'; });
    for (const at of [0, 1]) await page.getByRole('checkbox', { name: /^Select the run of Tell everybody/ }).nth(at).check();
    await button(page.getByRole('toolbar'), 'Run again').click();
    await dialog.getByRole('heading', { name: 'Run 2 runs again?' }).first().waitFor();
    await dialog.getByText(/"List issues" in Sandbox Tracker \(only reads\)/).first().waitFor();
    await dialog.getByText('With another input').click();
    await dialog.getByRole('textbox', { name: 'What it is started with' }).fill(`{"from": "${scheme}"}`);
    await shot('runs-again');
    await button(dialog, 'Run all 2').click();
    await dialog.waitFor({ state: 'detached' });
    const again = (await rpc('run_list')).runs.slice(0, 2);
    assert.deepEqual(again.map((run) => run.origin), ['again', 'again']);
    const reports = await Promise.all(again.map((run) => rpc('run_wait', { run: run.id })));
    const given = await rpc('run_data', { run: again[0].id, step: 'find' });
    assert.deepEqual(given.items[0].given, { from: scheme });
    assert.ok(reports.every((report) => report.state === 'done'));
    await page.close();
  }
});
