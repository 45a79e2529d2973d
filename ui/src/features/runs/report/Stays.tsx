import { Button } from '@mantine/core';
import { Check, ExternalLink, RotateCcw } from 'lucide-react';

import type { RunReport, UndoReport } from '../../../bindings/wire';
import { useDo } from '../../../engine';
import { t } from '../../../lib/words';
import { platform, toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { Pill, STEP } from '../../../ui/states';
import { isFinal, itemRanges, linkIn } from '../figures';
import { RunJson } from './RunJson';

/** A change that could not be undone: why, what stays and where; and the ways on. */
export function Stays({ report, undo, many }: { report: RunReport; undo: UndoReport; many: boolean }) {
  const page = linkIn(undo.remains);
  const again = useDo('run_undo_again', { touches: ['run_report', 'run_list', 'health'] });
  const wish = (byHand: boolean) => again.mutate({ run: report.run, step: undo.step, item: undo.item, byHand, all: false });
  return (
    <div className="stack run-stays">
      <div className="row">
        <Pill look={undo.unknown ? STEP.not_known : STEP.could_not_undo} />
        {many && <span className="meta figures">{t('runs.undo.item', { items: itemRanges([undo.item]) })}</span>}
        {page && (
          <Button size="compact-xs" variant="subtle" rightSection={<ExternalLink size={12} aria-hidden />} title={page.href} onClick={() => void platform.openUrl(page.href)}>
            {t('runs.undo.look', { host: page.host })}
          </Button>
        )}
      </div>
      {undo.problem && <ProblemBlock problem={undo.problem} alert={false} />}
      {undo.unknown && <p className="meta">{t('runs.undo.unknown')}</p>}
      {undo.remains !== null && (
        <div>
          <div className="meta">{t('runs.undo.remains')}</div>
          <RunJson value={undo.remains} label={t('runs.undo.remains')} step={undo.step} />
        </div>
      )}
      {again.isError && <ProblemBlock problem={toProblem(again.error)} />}
      {isFinal(report.state) && (
        <div className="row">
          {undo.again && (
            <Button leftSection={<RotateCcw size={14} aria-hidden />} loading={again.isPending && !again.variables.byHand} disabled={again.isPending} onClick={() => wish(false)}>
              {t(undo.unknown ? 'runs.undo.allTheSame' : 'common.tryAgain')}
            </Button>
          )}
          <Button leftSection={<Check size={14} aria-hidden />} loading={again.isPending && again.variables.byHand} disabled={again.isPending} onClick={() => wish(true)}>
            {t('runs.undo.byHand')}
          </Button>
        </div>
      )}
    </div>
  );
}
