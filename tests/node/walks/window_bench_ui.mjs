// What the interface costs in the window: time of WebKitGTK's page process on the processor.
import { readdirSync, readFileSync } from 'node:fs';
import { say, STEPS, whole } from './bench_steps.mjs';
import { assert, walk } from './window.mjs';

const { application } = JSON.parse(process.env.WALK ?? '{}');
/** Milliseconds of a tick of the system's accounts: 100 a second on Linux. */
const TICK = 10;

const processes = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name));
const stat = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
const safely = (read) => {
  try {
    return read();
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
};

/** The page's process: a child of the window that this walk opened. */
function pageProcess() {
  const window = processes().find((pid) => safely(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(application)));
  return processes().find((pid) => safely(() => stat(pid)[1] === window && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('WebKitWebProces')));
}

await walk(async ({ driver, go }) => {
  await go('/catalogue');
  const pid = pageProcess();
  assert.ok(pid, 'the process of the page is found');
  const worked = () => TICK * (Number(stat(pid)[11]) + Number(stat(pid)[12]));
  const run = (script) => driver.executeScript(whole(script));
  await driver.manage().setTimeouts({ script: 120_000 });
  console.log('WebKitGTK');
  for (const step of STEPS) {
    await run(step.before);
    const before = worked();
    const result = await run(step.script);
    say(step, worked() - before, result);
  }
});
