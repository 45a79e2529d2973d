// What the interface costs in Chromium: time of its renderer on the processor.
import { say, STEPS, whole } from './bench_steps.mjs';
import { walk } from './support.mjs';

await walk(async ({ open }) => {
  const page = await open({ path: '/catalogue' });
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  /** Milliseconds that the page's thread has worked. */
  const worked = async () => 1_000 * (await client.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value;
  const run = async (script) => {
    const { result, exceptionDetails } = await client.send('Runtime.evaluate', { expression: `(() => { ${whole(script)} })()`, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  console.log('Chromium');
  for (const step of STEPS) {
    await run(step.before);
    const before = await worked();
    const result = await run(step.script);
    say(step, (await worked()) - before, result);
  }
});
