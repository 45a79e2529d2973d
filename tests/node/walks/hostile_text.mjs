// What a service says is text: no script, no markup, no change of direction, no sideways scroll.
import { assert, rpc, walk } from './support.mjs';

const { chain } = await rpc('sandbox_start');
await rpc('sandbox_fault', { tool: 'tracker', fault: 'odd_data' });
const evil = '<img src=x onerror=alert(1)>\u202eevil\u202c<script>window.hit=1</script>';
const saved = await rpc('chain_export', { chain });
const steps = saved.chain.steps.map((step, index) =>
  index === 1
    ? { ...step, mapping: [{ target: '/text', source: { type: 'fixed', value: `${evil} {{7*7}} ${'x'.repeat(10_000)}` }, by: 'hand' }] }
    : { ...step, name: '<b>bold</b> <script>window.hit=1</script>' },
);
await rpc('chain_save', { id: chain, chain: { ...saved.chain, steps } });
await rpc('sandbox_fault', { tool: 'tracker', fault: null });
// The same from the service itself: markup, changed direction, control characters, long names.
const control = '\u0007\u001b[31mred\u001b[0m\u0000\u009f';
const ours = [
  { title: evil, body: `${evil}${control}`, labels: [evil, control] },
  { title: `${control}${'long '.repeat(2_000)}`, body: 'x'.repeat(10_000), labels: ['y'.repeat(10_000)] },
  { title: '\u202e\u2066{{7*7}}', body: '](javascript:alert(1))', labels: ["' onmouseover='alert(1)"] },
];
for (const params of ours) {
  await rpc('operation_call', { name: 'Sandbox Tracker', operation: 'create_issue', params });
}
await rpc('connection_sync', { name: 'Sandbox Tracker' });
await rpc('run_start', { chain, input: null, dryRun: false, queueOnly: false });
await rpc('run_wait', { run: 'last' });
const [{ id }] = (await rpc('run_list', { offset: 0 })).runs;
await rpc('connection_rename', { name: 'Sandbox Chat', newName: `A ${'very '.repeat(12)}long name` });

async function harmless(page, where) {
  const seen = await page.evaluate(() => ({
    hit: 'hit' in window,
    injected: document.querySelectorAll('img[onerror], .app script, .app b').length,
    wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    // Our own figures keep to themselves: a number with its unit, a time, a date.
    turned: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText.replace(/\u2066[\p{L}\d .,:%/–]+\u2069/gu, '')),
    control: /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(document.body.innerText),
  }));
  assert.deepEqual(seen, { hit: false, injected: 0, wide: false, turned: false, control: false }, where);
}

await walk(async ({ open }) => {
  const page = await open();
  for (const path of ['/catalogue', '/connections', '/connections/Sandbox%20Tracker', '/chains', `/chains/${chain}`, `/chains/${chain}/step/message`, '/runs', `/runs/${id}`]) {
    await page.evaluate((to) => { location.hash = to; }, path);
    await page.waitForTimeout(500);
    await harmless(page, path);
    for (const tab of ['Data', 'Settings']) {
      const found = page.getByRole('tab', { name: tab, exact: true });
      if (!(await found.isVisible())) continue;
      await found.click();
      await page.waitForTimeout(300);
      await harmless(page, `${path} ${tab}`);
      if (path.startsWith('/connections/')) {
        assert.match(await page.locator('body').innerText(), /onerror=alert/, 'what the service said is seen');
      }
    }
  }
  assert.match(await page.locator('body').innerText(), /<b>bold<\/b>/);
});
