import { Button } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { CheckCircle2, History } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { RunReport, RunReportResponse } from '../../bindings/wire';
import { send } from '../../engine';
import { formatMs, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { Panel } from '../../ui/Panel';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { Mark, Pill, RUN, STEP } from '../../ui/states';

interface Props {
  report: UseQueryResult<RunReportResponse>;
  /** The chain uses the sandbox: trouble can be tried out. */
  trial: boolean;
  onShow: (step: string) => void;
  onAgain: () => void;
  onClose: () => void;
}

/** The run beside its chain: how it goes, and how it ended. */
export function RunPanel({ report, trial, onShow, onAgain, onClose }: Props) {
  return (
    <Panel icon={<History size={20} aria-hidden />} title={t('chains.live.title')} onClose={onClose}>
      <Read read={report}>{({ report: run }) => <Content run={run} trial={trial} onShow={onShow} onAgain={onAgain} />}</Read>
    </Panel>
  );
}

function Content({ run, trial, onShow, onAgain }: { run: RunReport; trial: boolean } & Pick<Props, 'onShow' | 'onAgain'>) {
  const done = run.steps.filter((step) => !['waiting', 'running', 'retrying'].includes(step.state)).length;
  const problems = run.steps.flatMap((step) => step.problems.slice(0, 2).map((item) => ({ step, item })));
  const blockers = run.check.filter((finding) => finding.level === 'blocker');
  return (
    <div className="stack">
      <div className="row">
        <Pill look={RUN[run.state]} />
        <span className="meta figures" role="status">
          {t('chains.live.progress', { done, of: run.steps.length })}
          {run.startedAt && run.finishedAt && ` · ${formatMs(new Date(run.finishedAt).getTime() - new Date(run.startedAt).getTime())}`}
        </span>
      </div>
      <p className="headline" data-testid="headline">
        {visible(run.headline)}
      </p>
      {run.dryRun && <p className="meta">{t('chains.live.dryRun')}</p>}
      {blockers.map((finding) => finding.problem && <ProblemBlock key={finding.text} problem={finding.problem} />)}
      <ul className="live-steps">
        {run.steps.map((step) => (
          <li key={step.step}>
            <Mark look={STEP[step.state]} />
            <button type="button" className="link-button cut" onClick={() => onShow(step.step)}>
              {visible(step.name)}
            </button>
            <span className="meta figures">
              {step.state === 'waiting' ? t('step.waiting') : `${t('common.items', { count: step.itemsOut })} · ${formatMs(step.callMs)}`}
            </span>
          </li>
        ))}
      </ul>
      {problems.map(({ step, item }) => (
        <ProblemBlock key={`${step.step}-${item.item}`} problem={item.problem} onFix={() => onShow(step.step)} />
      ))}
      <div className="row">
        <Link href={`/runs/${run.run}`} className="as-button">
          {t('chains.live.open')}
        </Link>
        {run.finishedAt && <Button onClick={onAgain}>{t('chains.live.again')}</Button>}
      </div>
      {trial && run.finishedAt && <Next worked={run.state === 'done'} onAgain={onAgain} />}
    </div>
  );
}

/** After the first green run: see trouble, or go on to a real tool. */
function Next({ worked, onAgain }: { worked: boolean; onAgain: () => void }) {
  const [broken, setBroken] = useState(false);
  const [, go] = useLocation();
  const trouble = async (on: boolean) => {
    await send('sandbox_fault', { tool: 'chat', fault: on ? 'down' : null });
    setBroken(on);
    if (!on) onAgain();
  };
  if (!worked && !broken) {
    return (
      <div className="row">
        <Button onClick={() => void trouble(false)}>{t('chains.live.mend')}</Button>
      </div>
    );
  }
  return (
    <div className="card stack next">
      <h3 className="row">
        <CheckCircle2 size={16} className="mark ok" aria-hidden />
        {t('chains.live.worked')}
      </h3>
      <p className="meta">{t(broken ? 'chains.live.broken' : 'chains.live.next')}</p>
      <div className="row">
        <Button onClick={() => void trouble(!broken)}>{t(broken ? 'chains.live.mend' : 'chains.live.break')}</Button>
        <Button onClick={() => go('/catalogue')}>{t('chains.live.real')}</Button>
      </div>
    </div>
  );
}
