import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { drawn } from './drawn';

let asked: FrameRequestCallback[] = [];
const show = (state: DocumentVisibilityState) => {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  document.dispatchEvent(new Event('visibilitychange'));
};
/** One frame, and what follows from it. */
const frame = async () => {
  const now = asked;
  asked = [];
  now.forEach((one) => one(0));
  await new Promise((done) => setTimeout(done));
};

beforeEach(() => {
  asked = [];
  vi.stubGlobal('requestAnimationFrame', (one: FrameRequestCallback) => asked.push(one));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('a page is drawn after two frames that can be seen, and not before', async () => {
  let said = 0;
  show('hidden');
  void drawn().then(() => (said += 1));
  await frame();
  await frame();
  expect([said, asked.length], 'nobody sees it').toEqual([0, 0]);
  show('visible');
  await frame();
  expect(said, 'nothing was drawn yet').toBe(0);
  await frame();
  expect(said, 'one frame may be the last').toBe(0);
  await frame();
  expect(said).toBe(1);
});

it('what was drawn while the window went away is drawn again', async () => {
  let said = 0;
  show('visible');
  void drawn().then(() => (said += 1));
  await frame();
  await frame();
  show('hidden');
  await frame();
  expect(said).toBe(0);
  show('visible');
  for (let n = 0; n < 4; n += 1) await frame();
  expect(said).toBe(1);
});

it('a page whose frames nobody takes never says so', async () => {
  let said = 0;
  show('visible');
  void drawn().then(() => (said += 1));
  await new Promise((done) => setTimeout(done, 50));
  expect(said).toBe(0);
});
