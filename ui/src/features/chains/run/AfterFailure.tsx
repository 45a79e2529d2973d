import { Button } from '@mantine/core';
import { CheckCircle2, ListRestart, Undo2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { create } from 'zustand';

import type { RunReport } from '../../../bindings/wire';
import { useDo } from '../../../engine';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { BusyButton } from '../../../ui/BusyButton';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { canRunFailed, undoable } from '../../runs/figures';
import { useRunReach } from '../../runs/reach';

const TOUCHES = ['run_report', 'run_list', 'run_data', 'health'] as const;

interface Props {
  run: RunReport;
  onFollow: (run: string) => void;
}

/** Runs whose partial results the user has let be as they are, while this window is open. Nothing is written down: results stay in any case. */
const useKept = create<{ runs: ReadonlySet<string> }>(() => ({ runs: new Set() }));
const keep = (run: string) => useKept.setState(({ runs }) => ({ runs: new Set([...runs, run]) }));

/** What can be done about a run that did not get through: the rest once more, from a step on, or back; or to let it be. */
export function AfterFailure({ run, onFollow }: Props) {
  const kept = useKept((state) => state.runs.has(run.run));
  const [pressed, setPressed] = useState(false);
  const back = undoable(run);
  const rest = canRunFailed(run);
  if (run.dryRun || (!rest && (back === 0 || run.state === 'done'))) return null;
  if (kept) return <Kept done={doneSteps(run)} focus={pressed} />;
  const onKeep = () => {
    setPressed(true);
    keep(run.run);
  };
  return <Choices run={run} back={back} rest={rest} onFollow={onFollow} onKeep={onKeep} />;
}

function Choices({ run, back, rest, onFollow, onKeep }: Props & { back: number; rest: boolean; onKeep: () => void }) {
  const failed = useDo('run_failed', { touches: [...TOUCHES], onSuccess: (next) => onFollow(next.id) });
  const from = useDo('run_from_step', { touches: [...TOUCHES], onSuccess: (next) => onFollow(next.id) });
  const undo = useDo('run_undo', { touches: [...TOUCHES] });
  const first = run.steps.find((step) => step.failed + step.quarantined > 0);
  const problem = failed.error ?? from.error ?? undo.error;
  const noReach = useRunReach(run);
  const busy = failed.isPending || from.isPending || undo.isPending;
  return (
    <section className="stack" aria-label={t('chains.live.further')}>
      <div className="row">
        {rest && (
          <BusyButton leftSection={<ListRestart size={16} aria-hidden />} busy={failed.isPending} disabled={busy && !failed.isPending} why={noReach} onClick={() => failed.mutate({ run: run.run })}>
            {t('runs.report.runFailed')}
          </BusyButton>
        )}
        {first && (
          <BusyButton busy={from.isPending} disabled={busy && !from.isPending} why={noReach} onClick={() => from.mutate({ run: run.run, step: first.step })}>
            {t('chains.live.fromHere')}
          </BusyButton>
        )}
        {back > 0 && (
          <BusyButton leftSection={<Undo2 size={16} aria-hidden />} busy={undo.isPending} disabled={busy && !undo.isPending} why={noReach} onClick={() => undo.mutate({ run: run.run })}>
            {t('runs.report.undo', { count: back })}
          </BusyButton>
        )}
        {doneSteps(run) > 0 && (
          <Button variant="subtle" disabled={busy} onClick={onKeep}>
            {t('chains.live.keep')}
          </Button>
        )}
      </div>
      {problem !== null && <ProblemBlock problem={toProblem(problem)} />}
    </section>
  );
}

/** In how many steps something got through, and stands. */
const doneSteps = (run: RunReport): number => run.steps.filter((step) => step.done > 0 && step.state !== 'undone').length;

/** Said in the place of the choices; the button that was pressed is gone, so the focus goes here. */
function Kept({ done, focus }: { done: number; focus: boolean }) {
  const said = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (focus) said.current?.focus();
  }, [focus]);
  return (
    <p ref={said} tabIndex={-1} className="row meta kept">
      <CheckCircle2 size={16} className="mark ok" aria-hidden />
      {t('chains.live.kept', { count: done })}
    </p>
  );
}
