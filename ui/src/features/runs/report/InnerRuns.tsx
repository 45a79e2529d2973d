import { Link } from 'wouter';

import type { RunReport, StepReport } from '../../../bindings/wire';
import { formatCount, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Fold } from './Fold';
import { Part } from './Part';

/** How many are listed before the others are folded away. */
const FEW = 5;
/** So many the engine names of a step. */
const NAMED = 100;

/** The runs of other chains that steps started: each has a report of its own. */
export function InnerRuns({ report }: { report: RunReport }) {
  const steps = report.steps.filter((step) => (step.runs ?? []).length > 0);
  if (steps.length === 0) return null;
  return (
    <Part title={t('runs.inner.title')} about={t('runs.inner.about')}>
      {steps.map((step) => (
        <OfStep key={step.step} step={step} />
      ))}
    </Part>
  );
}

function OfStep({ step }: { step: StepReport }) {
  const runs = step.runs ?? [];
  const lines = (some: typeof runs) => (
    <ul className="run-effects">
      {some.map(({ item, run }) => (
        <li key={run}>
          <Link href={`/runs/${run}`}>{runs.length === 1 && step.itemsIn <= 1 ? t('runs.inner.one', { step: visible(step.name) }) : t('runs.inner.item', { step: visible(step.name), item: item + 1 })}</Link>
        </li>
      ))}
    </ul>
  );
  return (
    <>
      {lines(runs.slice(0, FEW))}
      {/* The report names the first ones only. */}
      {runs.length >= NAMED && step.itemsIn > runs.length && <p className="meta">{t('runs.inner.first', { n: formatCount(runs.length), of: formatCount(step.itemsIn) })}</p>}
      {runs.length > FEW && <Fold title={t('runs.inner.more', { count: runs.length - FEW })}>{lines(runs.slice(FEW))}</Fold>}
    </>
  );
}
