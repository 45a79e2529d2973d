// Every screen and state, light and dark: axe finds nothing (A, AA, 2.2).
import { clean as axeClean } from './axe.mjs';
import { assert, rpc, walk } from './support.mjs';

let looked = 0;
let branched;
let every;
const waiting = [];

const KINDS = ['filter', 'map', 'split', 'aggregate', 'branch', 'join', 'wait', 'approval', 'chain', 'remember', 'recall', 'lookup', 'link', 'linked'];
const TRIGGERS = [
  { type: 'manual', input: { type: 'object', properties: { name: { type: 'string' } } } },
  { type: 'schedule', cron: '0 9 * * 1-5', zone: 'UTC' },
  { type: 'interval', seconds: 3600 },
  { type: 'signal', connection: 'Sandbox Tracker', stream: 'issues', filter: [{ path: '$.tags[*]', operator: 'equals', value: 'bug' }] },
  { type: 'webhook', connection: 'Sandbox Sheet' },
  { type: 'chain', chain: 'New issue to team message', on: ['done'] },
  { type: 'file', connection: 'Sandbox Sheet', folder: 'in', ending: '.csv' },
];

/** A chain with a step of each kind, called as its kind. */
function everyKind() {
  const when = [{ path: '$.input', operator: 'exists' }];
  const logic = [
    { type: 'filter', when },
    { type: 'map' },
    { type: 'split', path: '$.input.rows' },
    { type: 'aggregate', of: 'split', how: 'join', between: ', ' },
    { type: 'branch', ways: [{ name: 'yes', when }], otherwise: 'no' },
    { type: 'join', of: ['split'] },
    { type: 'wait', seconds: 5 },
    { type: 'approval', question: 'Go on?', within: 3600 },
    { type: 'chain', chain: 'New issue to team message' },
    { type: 'remember', key: 'last', value: '{{run.id}}' },
    { type: 'recall', key: 'last', otherwise: 'never' },
    { type: 'lookup', table: 'people', key: '{{input.name}}' },
    { type: 'link', name: 'issue', source: '{{input.id}}', target: '{{input.other}}' },
    { type: 'linked', name: 'issue', source: '{{input.id}}' },
  ];
  const mapping = [{ target: '/name', source: { type: 'path', path: '$.input.name' } }];
  return { schema: 1, name: 'Every kind', steps: logic.map((own) => ({ id: own.type, logic: own, ...(own.type === 'map' ? { mapping } : {}) })) };
}

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
      const { templates } = await rpc('template_list');
      const { document } = templates.find((template) => template.id === 'sandbox-urgent-issues');
      const connections = { 'sandbox-tracker': 'Sandbox Tracker', 'sandbox-chat': 'Sandbox Chat', 'sandbox-sheet': 'Sandbox Sheet' };
      branched = (await rpc('chain_import', { chain: document, connections })).id;
      every = (await rpc('chain_import', { chain: everyKind() })).id;
      for (const trigger of TRIGGERS) {
        const kept = await rpc('chain_import', { chain: { schema: 1, name: `By ${trigger.type}`, trigger, steps: [{ id: 'wait', logic: { type: 'wait', seconds: 1 } }] } });
        waiting.push({ id: kept.id, trigger: trigger.type });
      }
    }
    const id = (await rpc('chain_export', { chain: 'New issue to team message' })).id;
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
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Share as a file' }).click();
    await page.getByRole('button', { name: 'Save the file' }).waitFor();
    await clean(page, `${scheme} share a chain`);
    await page.keyboard.press('Escape');
    await to(page, `/chains/${branched}`);
    await page.locator('[data-step="urgent/later"]').waitFor();
    await clean(page, `${scheme} branches`);
    await page.getByRole('button', { name: /List view|Canvas/ }).first().click();
    await page.locator('.step-list').waitFor();
    await clean(page, `${scheme} branches as a list`);
    await page.getByRole('button', { name: /List view|Canvas/ }).first().click();
    for (const kind of KINDS) {
      await to(page, `/chains/${every}/step/${kind}`);
      await page.locator('.panel .panel-title').filter({ hasText: `Step ${KINDS.indexOf(kind) + 1} of ${KINDS.length}` }).waitFor();
      await clean(page, `${scheme} form of ${kind}`);
    }
    for (const { id: chain, trigger } of waiting) {
      await to(page, `/chains/${chain}/start`);
      await page.getByRole('heading', { level: 2, name: 'Start', exact: true }).waitFor();
      await clean(page, `${scheme} start by ${trigger}`);
    }
    await to(page, '/chains');
    await page.getByRole('button', { name: 'Templates' }).click();
    await page.getByRole('button', { name: /GitLab issues to Jira/ }).waitFor();
    await clean(page, `${scheme} templates`);
    await page.getByRole('button', { name: /GitLab issues to Jira/ }).click();
    await page.getByRole('button', { name: 'Connect Jira' }).waitFor();
    await clean(page, `${scheme} template that is not connected`);
    await page.keyboard.press('Escape');
    await to(page, '/runs');
    await clean(page, `${scheme} runs`);
    await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
    await page.getByRole('toolbar').waitFor();
    await clean(page, `${scheme} runs selected`);
    await page.getByRole('button', { name: 'Select none' }).click();
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
