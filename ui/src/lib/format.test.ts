import { expect, it } from 'vitest';

import { DASH, formatMsOr, formatTimes } from './format';

it('what was not measured is a dash, and no time of its own', () => {
  expect([formatMsOr(null), formatMsOr(undefined), formatMsOr(0), formatMsOr(307)]).toEqual([DASH, DASH, '0 ms', '307 ms']);
});

it('times that belong together are one text', () => {
  expect(formatTimes(12, 4_200, 61_000)).toBe('12 ms / 4.2 s / 1 min 1 s');
  expect(formatTimes(12, null), 'what is missing keeps its place').toBe(`12 ms / ${DASH}`);
  expect(formatTimes(null, null, null), 'nothing at all is said once').toBe(DASH);
});
