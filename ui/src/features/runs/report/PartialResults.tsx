import type { RunReport, StepReport } from '../../../bindings/wire';
import { formatCount, visible } from '../../../lib/format';
import { t, type WordKey } from '../../../lib/words';
import { Mark, STEP } from '../../../ui/states';
import { allThrough, isFinal, itemRanges, outcomes, type Some } from '../figures';
import { Fold } from './Fold';
import { Items } from './Items';
import { Part } from './Part';
import { SaveItems } from './SaveItems';

/** Which items got through each step, and which did not. */
export function PartialResults({ report }: { report: RunReport }) {
  const begun = report.steps.filter((step) => step.itemsIn > 0);
  if (report.dryRun || begun.length === 0) return null;
  if (allThrough(report)) {
    return (
      <Part title={t('runs.partial.results')} about={t('runs.partial.resultsAbout')}>
        {begun.map((step) => (
          <Whole key={step.step} step={step} report={report} />
        ))}
        <SaveItems report={report} />
      </Part>
    );
  }
  return (
    <Part title={t('runs.partial.title')} about={t('runs.partial.about')}>
      {begun.map((step) => (
        <Outcome key={step.step} step={step} report={report} />
      ))}
      <SaveItems report={report} />
    </Part>
  );
}

/** A step all of whose items got through needs one line. */
function Whole({ step, report }: { step: StepReport; report: RunReport }) {
  return (
    <Fold
      title={
        <>
          <Mark look={STEP.done} size={14} /> <bdi>{visible(step.name)}</bdi>
        </>
      }
      aside={t('common.items', { count: step.itemsIn })}
    >
      <Items run={report.run} step={step.step} />
    </Fold>
  );
}

function Outcome({ step, report }: { step: StepReport; report: RunReport }) {
  if (step.done === step.itemsIn && !report.undo.some((u) => u.step === step.step)) return <Whole step={step} report={report} />;
  const of = outcomes(step, report);
  const lines: [Some, WordKey, keyof typeof STEP][] = [
    [of.through, 'runs.partial.through', 'done'],
    [of.undone, 'runs.partial.undone', 'undone'],
    [of.failed, 'runs.partial.failed', 'failed'],
    [of.notKnown, 'runs.partial.notKnown', 'not_known'],
    [of.left, isFinal(report.state) ? 'runs.partial.left' : 'runs.partial.toCome', isFinal(report.state) ? 'skipped' : 'waiting'],
  ];
  return (
    <div className="run-outcome">
      <h3 className="cut" title={visible(step.name)}>
        <bdi>{visible(step.name)}</bdi>
      </h3>
      <ul>
        {lines
          .filter(([some, word]) => some.count > 0 || word === 'runs.partial.through')
          .map(([some, word, look]) => (
            <li key={word}>
              <Mark look={STEP[look]} size={14} />
              <span>{t(word)}:</span>
              <span className="figures">{which(some, step.itemsIn)}</span>
            </li>
          ))}
      </ul>
      <Fold title={t('runs.partial.each')} aside={t('runs.partial.eachAbout')}>
        <Items run={report.run} step={step.step} />
      </Fold>
    </div>
  );
}

/** "5 (1–4, 6)"; without the list where it is not known, or where it is all there is. */
function which(some: Some, of: number): string {
  if (some.count === 0) return t('runs.partial.none');
  if (!some.items || of === 1) return formatCount(some.count);
  return t('runs.partial.which', { count: some.count, n: formatCount(some.count), items: itemRanges(some.items) });
}
