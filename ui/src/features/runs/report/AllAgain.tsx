import { Button } from '@mantine/core';
import { RotateCcw } from 'lucide-react';

import type { RunReport } from '../../../bindings/wire';
import { useDo } from '../../../engine';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { isFinal } from '../figures';

/** Tries every undo that failed once more, where there are several; not those that may have happened. */
export function AllAgain({ report }: { report: RunReport }) {
  const again = useDo('run_undo_again', { touches: ['run_report', 'run_list', 'health'] });
  const count = report.undo.filter((undo) => undo.again && !undo.unknown).length;
  if (count < 2 || !isFinal(report.state)) return null;
  return (
    <div className="stack">
      {again.isError && <ProblemBlock problem={toProblem(again.error)} />}
      <div className="row">
        <Button leftSection={<RotateCcw size={14} aria-hidden />} loading={again.isPending} onClick={() => again.mutate({ run: report.run, byHand: false, all: true })}>
          {t('runs.undo.again', { count })}
        </Button>
      </div>
    </div>
  );
}
