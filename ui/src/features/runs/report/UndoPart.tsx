import { Button } from '@mantine/core';
import { ExternalLink } from 'lucide-react';

import type { RunReport, UndoReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { platform } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { Pill, STEP } from '../../../ui/states';
import { itemRanges, linkIn } from '../figures';
import { Part } from './Part';
import { Json } from './RequestView';

/** What was taken back; and what stays, why, and where it is. */
export function UndoPart({ report }: { report: RunReport }) {
  if (report.undo.length === 0) return null;
  const stays = report.undo.filter((u) => !u.undone);
  const undone = report.undo.length - stays.length;
  const steps = report.steps.filter((step) => report.undo.some((u) => u.step === step.step));
  return (
    <Part
      title={t('runs.undo.title')}
      about={stays.length === 0 ? t('runs.undo.all', { count: undone }) : t('runs.undo.some', { undone, stays: stays.length })}
    >
      {/* Undone last first. */}
      {steps.reverse().map((step) => {
        const of = report.undo.filter((u) => u.step === step.step);
        const back = of.filter((u) => u.undone).map((u) => u.item);
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
            {of.filter((u) => !u.undone).map((u) => (
              <Stays key={u.item} undo={u} many={step.itemsIn > 1} />
            ))}
          </div>
        );
      })}
    </Part>
  );
}

function Stays({ undo, many }: { undo: UndoReport; many: boolean }) {
  const page = linkIn(undo.remains);
  return (
    <div className="stack run-stays">
      <div className="row">
        <Pill look={STEP.could_not_undo} />
        {many && <span className="meta figures">{t('runs.undo.item', { items: itemRanges([undo.item]) })}</span>}
        {page && (
          <Button size="compact-xs" variant="subtle" rightSection={<ExternalLink size={12} aria-hidden />} title={page.href} onClick={() => void platform.openUrl(page.href)}>
            {t('runs.undo.look', { host: page.host })}
          </Button>
        )}
      </div>
      {undo.problem && <ProblemBlock problem={undo.problem} alert={false} />}
      {undo.remains !== null && (
        <div>
          <div className="meta">{t('runs.undo.remains')}</div>
          <Json value={undo.remains} label={t('runs.undo.remains')} />
        </div>
      )}
    </div>
  );
}
