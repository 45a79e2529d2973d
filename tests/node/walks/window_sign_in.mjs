// Signing in from the real window: it hands the page to the browser, and goes on when the person is done there.
import { existsSync, readFileSync } from 'node:fs';
import { launch } from './support.mjs';
import { assert, facts, opened, walk } from './window.mjs';

const pages = () => (existsSync(opened) ? readFileSync(opened, 'utf8').split('\n').filter(Boolean) : []);

await walk(async ({ driver, button, text, find, fill, go, shot }) => {
  await text('Connect your tools');
  await go('/catalogue/sandbox-tracker/connect');
  await (await text('Advanced')).click();
  await fill('#cw-baseUrl', facts.trackerUrl);
  await (await find('#cw-allowPrivate')).click();
  await (await button('Sign in with Sandbox Tracker')).click();
  await text('Finish signing in, in your browser');
  await shot('waiting');
  await driver.wait(() => pages().length === 1, 20_000, 'the page is handed to the browser');
  await (await button('Open the page again')).click();
  await driver.wait(() => pages().length === 2, 20_000, 'and once more');
  assert.equal(pages()[1], pages()[0]);

  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(pages()[1]);
    await page.getByRole('radio', { name: /Noor/ }).check();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.getByText(/close this tab/).waitFor();
  } finally {
    await browser.close();
  }
  await text('Signed in as noor');
  await shot('signed-in');
  await (await button('Continue')).click();
  await text('What came back');
  await (await button('Continue')).click();
  await (await button('Finish')).click();
  await text('What next');
  await shot('made');
});
