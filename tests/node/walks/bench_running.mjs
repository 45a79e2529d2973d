// What the editor costs in Chromium while its chain runs, as time of its renderer on the processor.
import { say } from './bench_steps.mjs';
import { assert, rpc, walk } from './support.mjs';

const STEPS = 30;
const MEASURED_MS = 10_000;

await walk(async ({ open }) => {
  const steps = Array.from({ length: STEPS }, (_, n) => ({ id: `wait_${n}`, logic: { type: 'wait', seconds: 1 } }));
  const { id } = await rpc('chain_import', { chain: { schema: 1, name: `Running ${Date.now()}`, steps } });
  const page = await open({ path: `/chains/${id}` });
  await page.locator('[data-step]').first().waitFor();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const sure = page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true });
  await sure.or(page.getByRole('button', { name: 'Stop' })).first().waitFor();
  if (await sure.isVisible()) await sure.click();
  await page.getByRole('button', { name: 'Stop' }).first().waitFor();
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked = async () => 1_000 * (await client.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value;
  const before = await worked();
  await page.waitForTimeout(MEASURED_MS);
  const spent = (await worked()) - before;
  assert.ok(await page.getByRole('button', { name: 'Stop' }).first().isVisible(), 'the chain ran all the while');
  say({ name: 'a chain that runs, in a second', bar: 100 }, spent, MEASURED_MS / 1_000);
});
