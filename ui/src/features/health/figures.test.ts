import { describe, expect, it } from 'vitest';

import { formatPercent } from '../../lib/format';
import { change, share, slowest } from './figures';

describe('figures', () => {
  it('never call all what is not all, nor nothing what is something', () => {
    expect(share(99_999, 100_000)).toBe(formatPercent(0.999));
    expect(share(100, 100)).toBe(formatPercent(1));
    expect(share(1, 100_000)).toBe(formatPercent(0.001));
    expect(share(0, 5)).toBe(formatPercent(0));
    expect(share(0, 0)).toBeUndefined();
  });

  it('say how much more than before', () => {
    expect(change(620, 350)).toEqual({ up: true, by: formatPercent(0.77) });
    expect(change(350, 700)).toEqual({ up: false, by: formatPercent(0.5) });
    expect(change(1_000, 1_005)).toBe('same');
    expect(change(null, 5)).toBeUndefined();
    expect(change(5, null)).toBeUndefined();
  });

  it('find the slowest point among gaps', () => {
    const point = (p95Ms: number | null) => ({ at: '2026-11-20T12:00:00Z', p50Ms: p95Ms, p95Ms, calls: 1, failed: 0 });
    expect(slowest([point(null), point(5), point(9), point(null), point(7)])?.p95Ms).toBe(9);
    expect(slowest([point(null)])).toBeUndefined();
  });
});
