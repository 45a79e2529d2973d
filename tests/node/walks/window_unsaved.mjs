// An edit in the real window, which is closed by its test right after it.
import { writeFileSync } from 'node:fs';
import { Key } from 'selenium-webdriver';
import { fixed } from './four_steps.mjs';
import { assert, facts, walk } from './window.mjs';

await walk(async ({ driver, rpc, go, find }) => {
  const press = (...all) => driver.actions().sendKeys(...all).perform();
  const steps = () => driver.executeScript(() => [...document.querySelectorAll('[data-step]')].map((step) => step.dataset.step));
  const chains = async () => (await rpc('chain_list')).chains.filter((chain) => chain.name === 'Unsaved');
  if (facts.edit === 'duplicate') {
    await rpc('sandbox_start');
    await rpc('chain_import', { chain: { schema: 1, name: 'Unsaved', steps: [{ id: 'message', connection: 'Sandbox Chat', operation: 'send_message', mapping: [fixed('/text', 'Hello')] }] } });
  }
  const [{ id }] = await chains();
  const kept = async () => (await rpc('chain_export', { chain: id })).chain.steps.length;
  await go(`/chains/${id}`);
  await find('[data-step=message]');
  // An edit is saved by itself a moment later. That moment does not come here, however slow the machine is.
  await driver.executeScript(() => {
    const later = window.setTimeout.bind(window);
    window.putOff = 0;
    window.setTimeout = (what, ms, ...rest) => {
      if (ms === 400) window.putOff += 1;
      return later(what, ms === 400 ? 600_000 : ms, ...rest);
    };
    document.querySelector('[data-step=message]').focus();
  });
  if (facts.edit === 'duplicate') {
    await press('d');
    await driver.wait(async () => (await steps()).length === 2, 20_000, 'two steps');
    assert.ok((await driver.executeScript(() => window.putOff)) > 0, 'what keeps an edit by itself was put off');
    assert.equal(await kept(), 1, 'nothing kept it yet');
  } else {
    assert.equal(await kept(), 2, 'what was typed before the window closed is kept');
    for (let left = (await steps()).length; left > 0; left -= 1) {
      await driver.executeScript(() => document.querySelector('[data-step]').focus());
      await press(Key.DELETE);
      await driver.wait(async () => (await steps()).length === left - 1, 20_000, `${left - 1} steps`);
    }
  }
  writeFileSync(facts.made, '');
  // Closed by the test: the window is gone once it does not answer.
  await driver.wait(() => driver.getTitle().then(() => false, () => true), 60_000, 'the end of the window');
});
