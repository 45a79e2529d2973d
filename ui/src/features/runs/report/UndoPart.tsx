import type { RunReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Pill, STEP } from '../../../ui/states';
import { itemRanges } from '../figures';
import { AllAgain } from './AllAgain';
import { Part } from './Part';
import { StaysList } from './StaysList';

/** What was taken back; and what stays, why, and where it is. */
export function UndoPart({ report }: { report: RunReport }) {
  if (report.undo.length === 0) return null;
  const stays = report.undo.filter((u) => !u.undone);
  const undone = report.undo.length - stays.length;
  const steps = report.steps.filter((step) => report.undo.some((u) => u.step === step.step));
  return (
    <Part
      title={t('runs.undo.title')}
      about={undone === 0 ? t('runs.undo.none', { count: stays.length }) : stays.length === 0 ? t('runs.undo.all', { count: undone }) : t('runs.undo.some', { undone, stays: stays.length })}
    >
      <AllAgain report={report} />
      {/* Undone last first. */}
      {steps.reverse().map((step) => {
        const of = report.undo.filter((u) => u.step === step.step);
        const back = of.filter((u) => u.undone && !u.byHand).map((u) => u.item);
        const byHand = of.filter((u) => u.byHand).map((u) => u.item);
        return (
          <div key={step.step} className="run-undo">
            <h3 className="cut" title={visible(step.name)}>
              {visible(step.name)}
            </h3>
            {back.length > 0 && (
              <div className="row">
                <Pill look={STEP.undone} />
                <span className="meta figures">{t(back.length === 1 ? 'runs.undo.item' : 'runs.undo.items', { items: itemRanges(back) })}</span>
              </div>
            )}
            {byHand.length > 0 && (
              <div className="row">
                <Pill look={STEP.undone} text={t('runs.undo.handled')} />
                <span className="meta figures">{t(byHand.length === 1 ? 'runs.undo.item' : 'runs.undo.items', { items: itemRanges(byHand) })}</span>
              </div>
            )}
            <StaysList report={report} stays={of.filter((u) => !u.undone)} many={step.itemsIn > 1} />
          </div>
        );
      })}
    </Part>
  );
}
