import { expect, it } from 'vitest';

import { DASH, formatAgo, formatBytes, formatMoment, formatMs, formatMsOr, formatPercent, formatTimes, formatUntil, visible } from './format';

/** A figure that is one thing, whatever stands beside it. */
const one = (text: string) => `\u2066${text}\u2069`;

it('what was not measured is a dash, and no time of its own', () => {
  expect([formatMsOr(null), formatMsOr(undefined), formatMsOr(0), formatMsOr(307)]).toEqual([DASH, DASH, one('0 ms'), one('307 ms')]);
});

it('times that belong together are one text', () => {
  expect(formatTimes(12, 4_200, 61_000)).toBe(one('12 ms / 4.2 s / 1 min 1 s'));
  expect(formatTimes(12, null), 'what is missing keeps its place').toBe(one(`12 ms / ${DASH}`));
  expect(formatTimes(null, null, null), 'nothing at all is said once').toBe(DASH);
});

it('a figure with its unit stands isolated, so that no name beside it turns it around', () => {
  const now = new Date('2026-11-20T12:00:00Z');
  expect(formatMs(4_200)).toBe(one('4.2 s'));
  expect(formatUntil('2026-11-20T12:00:39.5Z', now)).toBe(one('40 s'));
  for (const figure of [formatBytes(18_400_000), formatPercent(0.987), formatPercent(0.5, 0), formatMoment('2026-11-20T12:00:00Z', now), formatMoment('2026-10-20T12:00:00Z', now), formatAgo('2026-11-20T11:57:00Z', now), formatAgo('2026-09-20T11:57:00Z', now)]) {
    expect(figure).toMatch(/^\u2066[^\u2066-\u2069]+\u2069$/);
  }
});

it('text of a service brings no isolate of its own', () => {
  expect(visible('\u2066a\u2069\u202eb')).toBe('ab');
});
