// The proxy, the certificates and the passphrase are changed in Settings; what cannot be used is said at its field.
import { clean } from './axe.mjs';
import { assert, button, focused, rpc, walk } from './support.mjs';

const WORD = 'three plain walking words';
const to = (page, path) => page.evaluate((hash) => { location.hash = hash; }, path);

await walk(async ({ open }) => {
  let word = 'walks';
  for (const scheme of ['light', 'dark']) {
    for (const view of [{ width: 1440, height: 900 }, { width: 960, height: 640 }]) {
      const page = await open({ scheme, path: '/settings/network', ...view });
      const form = page.getByTestId('network');
      await form.getByText('None is used').waitFor();
      const save = form.getByRole('button', { name: 'Save' });
      assert.equal(await save.isDisabled(), true, 'nothing is to be saved');
      await form.getByText('This one', { exact: true }).click();
      const address = form.getByRole('textbox', { name: "Proxy's address" });
      await save.click();
      await form.getByText("Enter the proxy's address.").waitFor();
      await focused(address, 'the focus is where it is to be mended');
      await address.fill('socks5://proxy.example');
      await address.press('Enter');
      await form.getByText(/Only proxies that speak HTTP/).waitFor();
      await clean(page, `${scheme} ${view.width} network refused`);
      await address.fill('proxy.example:3128');
      await address.press('Enter');
      await form.getByText('Public addresses are reached through proxy.example.').waitFor();
      await form.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
      assert.deepEqual((await rpc('network_show')).proxies, ['proxy.example']);
      // What is discarded was never sent.
      await form.getByText('None', { exact: true }).click();
      await button(form, 'Discard').click();
      assert.equal(await address.inputValue(), 'proxy.example:3128');
      await form.locator('input[type=file]').setInputFiles({ name: 'company.pem', mimeType: 'text/plain', buffer: Buffer.from('a letter') });
      await form.getByText('company.pem is trusted once you save.').waitFor();
      await save.click();
      await form.getByText(/There is no certificate in it/).waitFor();
      await clean(page, `${scheme} ${view.width} certificate refused`);
      await button(form, 'Discard').click();
      await form.getByText('None', { exact: true }).click();
      await save.click();
      await form.getByText('None is used').waitFor();
      assert.deepEqual((await rpc('network_show')).proxies, []);
      await to(page, '/settings');
      await rpc('network_set', { proxy: 'system', address: '', certificates: '' });

      await button(page, 'Change passphrase').click();
      const dialog = page.getByRole('dialog');
      const now = dialog.getByLabel('Passphrase now');
      await dialog.waitFor();
      await now.waitFor();
      await focused(now, 'the focus begins at the first field');
      await now.fill('not the passphrase');
      const next = word === 'walks' ? WORD : `${word} on`;
      await dialog.getByLabel('New passphrase').fill(next);
      await dialog.getByLabel('The same again').fill(next);
      await page.keyboard.press('Enter');
      await dialog.getByText('That is not the passphrase.').waitFor();
      await clean(page, `${scheme} ${view.width} change passphrase`);
      await now.fill(word);
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('status').filter({ hasText: 'The passphrase is another one now.' }).waitFor();
      word = next;
      await rpc('secrets_lock');
      await rpc('secrets_unlock', { passphrase: word });
      await page.close();
    }
  }
}, { expected: [/status of 4/] });
