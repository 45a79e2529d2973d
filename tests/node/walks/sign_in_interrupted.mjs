// The engine ends while somebody signs in: afterwards the wizard says so, and begins again.
import { createInterface } from 'node:readline';
import { assert, button, facts, walk } from './support.mjs';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async (wish) => {
  console.log(`>${wish}`);
  return (await answers.next()).value;
};

await walk(
  async ({ open }) => {
    const page = await open({ path: '/catalogue/sandbox-tracker/connect' });
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Advanced', { exact: true }).click();
    await dialog.getByLabel(/Service address/).fill(facts.access.trackerUrl);
    await dialog.getByRole('checkbox', { name: /private addresses/ }).check();
    await button(dialog, 'Sign in with Sandbox Tracker').click();
    await dialog.locator('[data-phase=waiting]').waitFor();
    const token = await ask('restart');
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Open Patchbay' }).click();
    await dialog.getByText('Sign-in was interrupted').waitFor();
    assert.ok(await button(dialog, 'Sign in with Sandbox Tracker').isEnabled(), 'it can be begun again');
  },
  { expected: [/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED/, /ERR_EMPTY_RESPONSE/, /401/, /ERR_CONNECTION_RESET/] },
);
process.exit(0);
