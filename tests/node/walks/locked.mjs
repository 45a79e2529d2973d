// Keys are locked, unlocked, exported, taken in, rotated and forgotten, by keyboard where it matters.
import { clean } from './axe.mjs';
import { readFileSync } from 'node:fs';
import { assert, rpc, walk } from './support.mjs';

const WORD = 'correct horse battery';

const to = (page, path) => page.evaluate((hash) => { location.hash = hash; }, path);
const told = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();

await walk(async ({ open }) => {
  await rpc('sandbox_start');
  for (const scheme of ['light', 'dark']) {
    const page = await open({ scheme });
    await to(page, '/settings');
    await page.getByTestId('secret-state').filter({ hasText: 'Unlocked' }).waitFor();
    await clean(page, `${scheme} settings`);

    // The palette locks; the banner asks; a wrong passphrase says so.
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').pressSequentially('lock now');
    await page.getByRole('option', { name: /^Lock now/ }).waitFor();
    await page.keyboard.press('Enter');
    const banner = page.getByTestId('lock-banner');
    await banner.waitFor();
    assert.equal((await rpc('health')).secrets, 'locked');
    await clean(page, `${scheme} locked`);
    const field = banner.getByLabel('Passphrase', { exact: true });
    await field.fill('not the passphrase');
    await page.keyboard.press('Enter');
    await banner.getByText('That is not the passphrase.').waitFor();
    await clean(page, `${scheme} wrong passphrase`);

    // A run waits for the lock, says so, and goes on by itself.
    const { chains: [{ id }] } = await rpc('chain_list');
    const run = await rpc('run_start', { chain: id, input: null, dryRun: false, queueOnly: false });
    await to(page, `/runs/${run.id}`);
    await page.getByText('Waiting').first().waitFor();
    await clean(page, `${scheme} run that waits for the lock`);
    await field.fill('walks');
    await page.keyboard.press('Enter');
    await banner.waitFor({ state: 'detached' });
    assert.equal((await rpc('run_wait', { run: run.id })).state, 'done');

    // When it locks, and when a key is old.
    await to(page, '/settings');
    const minutes = page.getByLabel('Lock by itself after');
    await minutes.fill('20');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement !== null);
    await assertSoon(async () => (await rpc('secrets_status')).lockAfterMinutes === 20);

    await page.getByRole('button', { name: 'Seal with a new key' }).click();
    await page.getByText('The old key is destroyed.').waitFor();
    await page.getByRole('button', { name: 'Seal with a new key' }).click();
    await told(page, 'sealed with the new key');

    // Out, without secrets and with them.
    await page.getByRole('button', { name: 'Export' }).click();
    const dialog = page.getByRole('dialog');
    await clean(page, `${scheme} export`);
    const plain = await download(page, () => dialog.getByRole('button', { name: 'Export' }).click());
    assert.equal(JSON.parse(plain).format, 'patchbay-export');
    await told(page, 'It was read again and is whole');
    await page.getByRole('button', { name: 'Export' }).click();
    await dialog.getByLabel('With secrets, sealed with a passphrase').check();
    await dialog.getByLabel('Passphrase', { exact: true }).fill('short');
    await dialog.getByRole('button', { name: 'Export' }).click();
    await dialog.getByText('Use at least 12 characters.').waitFor();
    await dialog.getByLabel('Passphrase', { exact: true }).fill(WORD);
    await dialog.getByLabel('The same again').fill('correct horse battery!');
    await dialog.getByText('They are not the same.').waitFor();
    await clean(page, `${scheme} export with secrets`);
    await dialog.getByLabel('The same again').fill(WORD);
    const sealed = await download(page, () => dialog.getByRole('button', { name: 'Export' }).click());
    assert.equal(JSON.parse(sealed).format, 'patchbay-sealed');

    // In: seen first, and what is here stays.
    await choose(page, plain);
    await page.getByTestId('import-lines').waitFor();
    await page.getByText('Everything in it is here already.').waitFor();
    await clean(page, `${scheme} import of what is here`);
    await page.keyboard.press('Escape');
    const name = `Other ${scheme}`;
    const changed = JSON.parse(plain);
    changed.connections[0].name = name;
    await choose(page, JSON.stringify(changed));
    await page.getByText('Address to approve').waitFor();
    await clean(page, `${scheme} import`);
    await page.getByRole('button', { name: 'Take it in' }).click();
    await told(page, 'Taken in.');
    await to(page, `/connections/${encodeURIComponent(name)}`);
    await page.getByTestId('approve').waitFor();
    await clean(page, `${scheme} connection from a file`);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByTestId('approve').waitFor({ state: 'detached' });
    await rpc('connection_disconnect', { name, withSignals: false });
    await to(page, '/settings');
    await choose(page, sealed);
    const opens = dialog.getByLabel('Passphrase', { exact: true });
    await opens.fill('a wrong passphrase');
    await page.keyboard.press('Enter');
    await dialog.getByText('That is not the passphrase.').waitFor();
    await opens.fill(WORD);
    await page.keyboard.press('Enter');
    await page.getByTestId('import-lines').waitFor();
    await page.keyboard.press('Escape');

    await to(page, '/connections/Sandbox%20Chat');
    await page.getByTestId('key-age').waitFor();

    // No keyring answers here: a move says so and changes nothing.
    await to(page, '/settings/keyring');
    await page.getByRole('dialog').getByRole('button', { name: 'Move', exact: true }).click();
    await page.getByRole('dialog').getByTestId('problem').waitFor();
    await clean(page, `${scheme} no keyring`);
    await page.keyboard.press('Escape');
    assert.equal((await rpc('secrets_status')).store, 'passphrase');

    await to(page, '/settings');
    await page.getByRole('button', { name: 'Forget all keys' }).click();
    await clean(page, `${scheme} forget all`);
    if (scheme === 'dark') {
      await page.getByRole('alertdialog').getByRole('button', { name: 'Forget all keys' }).click();
      // What is still to be done at the services stays to be read.
      const forgot = page.getByRole('dialog', { name: 'The keys of 3 connections are gone.' });
      await forgot.getByText('cannot be told from here').first().waitFor();
      await clean(page, `${scheme} what services were told`);
      await forgot.getByRole('button', { name: 'Close', exact: true }).last().click();
      await told(page, 'The keys of 3 connections are gone.');
      const { connections } = await rpc('connection_list', { offset: 0 });
      assert.ok(connections.every((one) => one.lastError?.code === 'SECRET_MISSING'), JSON.stringify(connections));
      await clean(page, `${scheme} all forgotten`);
    } else await page.keyboard.press('Escape');
  }
});

async function assertSoon(check) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await check()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(String(check));
}

async function download(page, click) {
  const [file] = await Promise.all([page.waitForEvent('download'), click()]);
  return readFileSync(await file.path(), 'utf8');
}

async function choose(page, text) {
  await page.getByRole('region', { name: 'Data' }).getByLabel('Choose a file').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from(text) });
}
