import type { GapView } from '../../bindings/wire';
import { formatMoment } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';

const WHY: Record<string, WordKey> = {
  CHECKPOINT_STALE: 'connections.streams.why.stale',
  too_many_pages: 'connections.streams.why.pages',
  closed: 'connections.streams.why.closed',
};

/** A time from which something may be missing, and why. */
export const gapWords = (gap: GapView): string => t('connections.streams.gap', { from: formatMoment(gap.from), to: formatMoment(gap.to), why: t(WHY[gap.reason] ?? 'connections.streams.why.other') });
