import type { RunReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Part } from './Part';

/** What a run did less than its chain says: what stood in for steps, what was left out, how far lists were read. */
export function InPart({ report: { narrowed } }: { report: RunReport }) {
  const said = narrowed ? words(narrowed) : [];
  if (said.length === 0) return null;
  return (
    <Part title={t('runs.inPart.title')} about={t('runs.inPart.about')}>
      <ul className="run-effects">
        {said.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Part>
  );
}

function words({ items, without = [], pinned = [] }: NonNullable<RunReport['narrowed']>): string[] {
  const named = (names: string[]) => names.map((name) => t('runs.inPart.named', { name: visible(name) })).join(', ');
  return [
    ...(pinned.length > 0 ? [t('runs.inPart.pinned', { count: pinned.length, steps: named(pinned) })] : []),
    ...(without.length > 0 ? [t('runs.inPart.without', { count: without.length, steps: named(without) })] : []),
    // What is pinned of a list is as long as it was when it was pinned.
    ...(items === null || items === undefined ? [] : [t(pinned.length > 0 ? 'runs.inPart.itemsOther' : 'runs.inPart.items', { count: items })]),
  ];
}
