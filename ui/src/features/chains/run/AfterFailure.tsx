import { Button } from '@mantine/core';
import { ListRestart, Undo2 } from 'lucide-react';

import type { RunReport } from '../../../bindings/wire';
import { useDo } from '../../../engine';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { canRunFailed, undoable } from '../../runs/figures';

const TOUCHES = ['run_report', 'run_list', 'run_data', 'health'] as const;

/** What can be done about a run that did not get through: the rest once more, from a step on, or back. */
export function AfterFailure({ run, onFollow }: { run: RunReport; onFollow: (run: string) => void }) {
  const failed = useDo('run_failed', { touches: [...TOUCHES], onSuccess: (next) => onFollow(next.id) });
  const from = useDo('run_from_step', { touches: [...TOUCHES], onSuccess: (next) => onFollow(next.id) });
  const undo = useDo('run_undo', { touches: [...TOUCHES] });
  const first = run.steps.find((step) => step.failed + step.quarantined > 0);
  const back = undoable(run);
  const rest = canRunFailed(run);
  if (run.dryRun || (!rest && (back === 0 || run.state === 'done'))) return null;
  const problem = failed.error ?? from.error ?? undo.error;
  const busy = failed.isPending || from.isPending || undo.isPending;
  return (
    <section className="stack" aria-label={t('chains.live.further')}>
      <div className="row">
        {rest && (
          <Button leftSection={<ListRestart size={16} aria-hidden />} loading={failed.isPending} disabled={busy} onClick={() => failed.mutate({ run: run.run })}>
            {t('runs.report.runFailed')}
          </Button>
        )}
        {first && (
          <Button loading={from.isPending} disabled={busy} onClick={() => from.mutate({ run: run.run, step: first.step })}>
            {t('chains.live.fromHere')}
          </Button>
        )}
        {back > 0 && (
          <Button leftSection={<Undo2 size={16} aria-hidden />} loading={undo.isPending} disabled={busy} onClick={() => undo.mutate({ run: run.run })}>
            {t('runs.report.undo', { count: back })}
          </Button>
        )}
      </div>
      {problem !== null && <ProblemBlock problem={toProblem(problem)} />}
    </section>
  );
}
