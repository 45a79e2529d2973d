import type { Change, ChangeState, RunReport, StepPrivacy, StepReport } from '../../../bindings/wire';
import { formatMoment, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Mark, STEP } from '../../../ui/states';
import { AddressLine } from '../../chains/data/AddressLine';
import { Fold } from './Fold';
import { Part } from './Part';

const LOOK: Record<ChangeState, keyof typeof STEP> = { made: 'done', not_known: 'not_known', undone: 'undone', stays: 'could_not_undo' };

/** What the run changed outside: how much, and each change as far as it is listed. */
export function Changes({ report }: { report: RunReport }) {
  const steps = report.steps.filter((step) => step.changes > 0 || (step.sent?.length ?? 0) > 0);
  if (steps.length === 0) return null;
  const all = (of: (step: StepReport) => number) => steps.reduce((sum, step) => sum + of(step), 0);
  const maybe = report.undo.filter((undo) => !undo.undone && undo.unknown).length;
  const [undone, stay, unknown] = [all((step) => step.undone), all((step) => step.stay) - maybe, all((step) => (step.effect ? step.unknown : 0))];
  const said = [
    t('runs.changes.made', { count: all((step) => step.changes) }),
    ...(undone > 0 ? [t('runs.changes.undone', { count: undone })] : []),
    ...(stay > 0 ? [t('runs.changes.stay', { count: stay })] : []),
    ...(maybe > 0 ? [t('runs.changes.maybe', { count: maybe })] : []),
    ...(unknown > 0 ? [t('runs.changes.unknown', { count: unknown })] : []),
  ];
  return (
    <Part title={t('runs.changes.title')} about={`${said.join(', ')}.`}>
      {steps.map((step) => (
        <Fold key={step.step} title={visible(step.name)} aside={t('runs.changes.made', { count: step.changes })}>
          <ul className="run-changes">
            {(step.sent ?? []).map((change) => (
              <Line key={change.item} change={change} privacy={step.privacy} many={step.itemsIn > 1} />
            ))}
          </ul>
          {step.changes + step.unknown > (step.sent?.length ?? 0) && <p className="meta">{t('runs.changes.first', { count: step.sent?.length ?? 0 })}</p>}
        </Fold>
      ))}
    </Part>
  );
}

function Line({ change, privacy, many }: { change: Change; privacy: StepPrivacy; many: boolean }) {
  return (
    <li>
      <Mark look={STEP[LOOK[change.state]]} size={14} />
      <span className="run-change-text">
        <span className="meta figures">
          {many && `${t('runs.partial.item', { item: change.item + 1 })} · `}
          <time dateTime={change.at}>{formatMoment(change.at)}</time>
          {change.attempts > 1 && ` · ${t('runs.changes.attempts', { count: change.attempts })}`}
        </span>
        <AddressLine request={change} privacy={privacy} />
      </span>
    </li>
  );
}
