// The editor in the real window, whose prototypes are frozen and whose policy wants a nonce of every style.
import { assert, walk } from './window.mjs';

await walk(async ({ driver, go, find, shot, text }) => {
  assert.ok(await driver.executeScript(() => Object.isFrozen(Object.prototype)), 'the window freezes prototypes');
  await driver.executeScript(() => {
    window.refusedByPolicy = [];
    document.addEventListener('securitypolicyviolation', (event) => window.refusedByPolicy.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await go('/catalogue/new/sandbox-tracker');
  await find('.cm-content .tok-propertyName');
  const seen = await driver.executeScript(() => ({
    // What its own sheets say: without them the lines would not scroll and the gutter would be on top.
    display: getComputedStyle(document.querySelector('.cm-scroller')).display,
    space: getComputedStyle(document.querySelector('.cm-content')).whiteSpace,
    height: document.querySelector('.cm-editor').clientHeight,
    room: document.querySelector('.au-editor-frame').clientHeight,
    // The window itself has one style by its hash; the editor's own carry the nonce.
    bare: [...document.querySelectorAll('style')].filter((style) => style.textContent.includes('.cm-scroller') && !style.nonce).length,
    refused: window.refusedByPolicy,
  }));
  assert.equal(seen.display, 'flex');
  assert.match(seen.space, /break-spaces|pre/);
  assert.equal(seen.height, seen.room, 'the editor fills its frame');
  assert.equal(seen.bare, 0, 'no style without a nonce');
  assert.deepEqual(seen.refused, []);
  await text('In order');
  await shot('authoring');
});
