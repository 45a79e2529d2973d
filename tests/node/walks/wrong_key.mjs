// A wrong key: said at the key, with the service's own words, and nothing typed is lost.
import { assert, facts, rpc, walk } from './support.mjs';

await walk(async ({ open }) => {
  const page = await open({ path: '/catalogue/sandbox-chat/connect' });
  const dialog = page.getByRole('dialog');
  const key = dialog.locator('input[type=password]').first();
  await key.fill('sbx_wrong');
  await dialog.getByText('Advanced', { exact: true }).click();
  await dialog.getByLabel(/address/i).first().fill(facts.access.chatUrl);
  await dialog.getByRole('checkbox').check();
  const forward = dialog.getByRole('button', { name: 'Continue', exact: true });
  await forward.click();
  await dialog.getByTestId('problem').waitFor();
  assert.match(await dialog.innerText(), /did not accept|not accept/i);
  assert.equal((await rpc('connection_list', { offset: 0, limit: 10 })).total, 0, 'nothing was kept');
  // The way back leads to the key; the address is still there.
  await dialog.getByRole('button', { name: 'Back', exact: true }).click();
  if (!(await dialog.locator('input[type=password]').first().isVisible())) await dialog.getByRole('button', { name: 'Back', exact: true }).click();
  await dialog.locator('input[type=password]').first().fill(facts.access.chatKey);
  await forward.click();
  await dialog.getByText('OK', { exact: true }).first().waitFor();
  await forward.click();
  await dialog.getByRole('button', { name: 'Finish', exact: true }).click();
  await dialog.getByText(/What next/).waitFor();
  assert.equal((await rpc('connection_list', { offset: 0, limit: 10 })).total, 1);
});
