// The real window through WebDriver.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Builder, By, Capabilities, Key, until } from 'selenium-webdriver';

export { assert, By, until };

const { driver: server, application, opened, facts } = JSON.parse(process.env.WALK ?? '{}');
// Where the pages are written down that the window hands to the browser, and what the test knows.
export { facts, opened };
const WAIT = 20_000;

/** Opens the window, walks, closes it. */
export async function walk(steps) {
  const capabilities = new Capabilities();
  capabilities.set('tauri:options', { application });
  capabilities.setBrowserName('wry');
  const driver = await new Builder().withCapabilities(capabilities).usingServer(server).build();
  try {
    await driver.wait(until.elementLocated(By.css('.app')), WAIT);
    await steps({
      driver,
      find: (css) => driver.wait(until.elementLocated(By.css(css)), WAIT),
      button: (text) => driver.wait(until.elementLocated(By.xpath(`//button[normalize-space(.)=${JSON.stringify(text)} and not(@disabled)]`)), WAIT),
      within: (scope, text) => driver.wait(until.elementLocated(By.xpath(`//*[${scope}]//button[normalize-space(.)=${JSON.stringify(text)}]`)), WAIT),
      // Types in the place of what a field holds.
      fill: async (css, text) => {
        const field = await driver.wait(until.elementLocated(By.css(css)), WAIT);
        await field.click();
        await field.sendKeys(Key.chord(Key.CONTROL, 'a'));
        await field.sendKeys(Key.BACK_SPACE);
        await field.sendKeys(text);
        assert.equal(await field.getAttribute('value'), text);
      },
      text: (text) => driver.wait(until.elementLocated(By.xpath(`//*[contains(text(), ${JSON.stringify(text)})]`)), WAIT),
      // A command, as the page sends it.
      rpc: async (name, request = {}) => {
        const answer = await driver.executeAsyncScript(
          (command, body, done) => {
            window.__TAURI_INTERNALS__.invoke('rpc', { workspace: 'default', name: command, request: body }).then((response) => done({ response }), (problem) => done({ problem }));
          },
          name,
          request,
        );
        assert.ok(!answer.problem, `${name}: ${JSON.stringify(answer.problem)}`);
        return answer.response;
      },
      go: (path) => driver.executeScript((to) => { location.hash = to; }, path),
      shot: async (name) => {
        if (process.env.PATCHBAY_SHOTS) writeFileSync(`${process.env.PATCHBAY_SHOTS}/window-${name}.png`, await driver.takeScreenshot(), 'base64');
      },
    });
  } catch (error) {
    if (process.env.PATCHBAY_SHOTS) writeFileSync(`${process.env.PATCHBAY_SHOTS}/window-failed.png`, await driver.takeScreenshot(), 'base64');
    throw error;
  } finally {
    await driver.quit().catch(() => undefined);
  }
}
