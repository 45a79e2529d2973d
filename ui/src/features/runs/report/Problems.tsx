import type { RunReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { groupProblems, itemRanges } from '../figures';
import { Fold } from './Fold';
import { Part } from './Part';
import { inReport, useFix } from './useFix';

/** Items' problems, folded per step; the same problem is said once. */
export function Problems({ report, runAgain }: { report: RunReport; runAgain?: (() => void) | undefined }) {
  const fix = useFix(report, runAgain);
  const steps = report.steps.filter((step) => step.problems.length > 0);
  if (steps.length === 0) return null;
  return (
    <Part title={t('runs.problems.title')}>
      {steps.map((step, index) => {
        const unlisted = step.failed + step.quarantined - step.problems.length;
        return (
          <Fold key={step.step} open={index === 0} title={visible(step.name)} aside={t('runs.problems.step', { count: Math.max(step.failed + step.quarantined, step.problems.length) })}>
            {groupProblems(step.problems).map(({ problem, items }) => (
              <div key={items[0]} className="run-problem-group">
                {step.itemsIn > 1 && <div className="meta figures">{t(items.length === 1 ? 'runs.problems.item' : 'runs.problems.items', { items: itemRanges(items) })}</div>}
                <ProblemBlock problem={inReport(problem)} onFix={fix(problem, step.step)} alert={false} />
              </div>
            ))}
            {unlisted > 0 && <p className="meta">{t('runs.problems.more', { count: unlisted })}</p>}
          </Fold>
        );
      })}
    </Part>
  );
}
