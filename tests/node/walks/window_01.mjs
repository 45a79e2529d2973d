// New user to green run, in the real window.
import { assert, walk } from './window.mjs';

await walk(async ({ driver, rpc, button, within, text, find, shot }) => {
  const started = Date.now();
  await text('Connect your tools');
  await shot('start');
  await (await find('.app-page button')).click();
  await (await button('Run')).click();
  await (await within("@role='dialog'", 'Run')).click();
  await text('That worked.');
  await shot('ran');
  const headline = await (await find('[data-testid=headline]')).getAttribute('textContent');
  assert.match(headline, /2 of 2 steps done/);
  assert.ok(Date.now() - started < 30_000);
  // Nothing but our own two commands answers: refused, or dropped without a word by the isolation.
  const refused = await driver.executeAsyncScript((done) => {
    const tries = ['plugin:window|close', 'plugin:fs|read_text_file', 'plugin:shell|execute', 'plugin:opener|open_url', 'plugin:event|listen', 'plugin:dialog|open'];
    Promise.all(tries.map((name) => Promise.race([window.__TAURI_INTERNALS__.invoke(name, {}).then(() => name, () => null), new Promise((r) => setTimeout(r, 1500, null))]))).then((all) => done(all.filter(Boolean)));
  });
  assert.deepEqual(refused, []);
  await rpc('workspace_list');
  console.log(`${Date.now() - started} ms`);
});
