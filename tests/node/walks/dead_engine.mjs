// The engine dies under the page: said, and found again by itself.
import { createInterface } from 'node:readline';
import { assert, walk } from './support.mjs';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async (wish) => {
  console.log(`>${wish}`);
  return (await answers.next()).value;
};

await walk(
  async ({ open }) => {
    const page = await open({ path: '/chains' });
    await page.getByText('New issue to team message').first().waitFor();
    await ask('kill');
    await page.getByText(/engine does not answer/).first().waitFor();
    // What was read is still there.
    assert.ok(await page.getByText('New issue to team message').first().isVisible());
    const token = await ask('restart');
    // A new start has a new token: the page asks for it rather than staying dead.
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Open Patchbay' }).click();
    await page.getByText('New issue to team message').first().waitFor();
    await page.getByText('Engine running').waitFor();
  },
  { expected: [/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED/, /ERR_EMPTY_RESPONSE/, /401/, /ERR_CONNECTION_RESET/] },
);
process.exit(0);
