import '../../runs/runs.css';

import { Button } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { History } from 'lucide-react';
import { memo } from 'react';
import { Link } from 'wouter';

import type { Chain, RunReport, RunReportResponse, Step, StepReport } from '../../../bindings/wire';
import { formatMs, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Panel } from '../../../ui/Panel';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { Read } from '../../../ui/Read';
import { Mark, Pill, RUN, STEP } from '../../../ui/states';
import { isFinal, progress } from '../../runs/figures';
import { PrivateFields, usePrivatesOf } from '../../runs/report/privates';
import { Question } from '../../runs/report/Question';
import { useFix } from '../../runs/report/useFix';
import type { Opening } from '../step/StepPanel';
import { triesOf } from '../fresh';
import { allSteps } from '../flow/outline';
import { useNow } from '../../../ui/useNow';
import type { Tools } from '../useTools';
import { AfterFailure } from './AfterFailure';
import { Lesson } from './Lesson';
import { retryOf, retryWords } from './retry';
import { StepProblem } from './StepProblem';
import { useElapsed } from './useElapsed';

interface Props {
  report: UseQueryResult<RunReportResponse>;
  chain: Chain;
  tools: Tools;
  /** The connections of the chain to the sandbox: with them trouble can be tried out. */
  trial: string[];
  onShow: (step: string, how?: Opening) => void;
  /** Shows another run. */
  onFollow: (run: string) => void;
  onAgain: () => void;
  onClose: () => void;
}

/** The run beside its chain: how it goes, and how it ended. */
export function RunPanel({ report, chain, tools, trial, onShow, onFollow, onAgain, onClose }: Props) {
  return (
    <Panel icon={<History size={20} aria-hidden />} title={t('chains.live.title')} onClose={onClose}>
      <Read read={report} rows={3} shape="report">{({ report: run }) => <Content run={run} chain={chain} tools={tools} trial={trial} onShow={onShow} onFollow={onFollow} onAgain={onAgain} />}</Read>
    </Panel>
  );
}

function Content({ run, chain, tools, trial, onShow, onFollow, onAgain }: { run: RunReport } & Pick<Props, 'chain' | 'tools' | 'trial' | 'onShow' | 'onFollow' | 'onAgain'>) {
  const stepOf = (id: string) => allSteps(chain).find((own) => own.id === id);
  const triesHere = (id: string) => {
    const step = stepOf(id);
    return step ? triesOf(chain, step) : 1;
  };
  const { ended, total } = progress(run);
  const problems = run.steps.flatMap((step) => step.problems.slice(0, 2).map((item) => ({ step, item })));
  const blockers = run.check.filter((finding) => finding.level === 'blocker');
  const privates = usePrivatesOf(run);
  const fix = useFix(run, run.finishedAt ? onAgain : undefined);
  // While it goes on the steps stay where they are; once it is over, what failed comes first.
  const over = isFinal(run.state);
  const trouble = (
    <>
      {problems.map(({ step, item }, nth) => (
        <StepProblem
          key={`${step.step}-${item.item}`}
          run={run}
          step={step}
          name={nameOf(step, stepOf(step.step), tools)}
          item={item}
          withItem={over && nth === 0}
          fix={fix(item.problem)}
          onShow={(tab) => onShow(step.step, { tab, item: item.item })}
        />
      ))}
      {over && <AfterFailure run={run} onFollow={onFollow} />}
    </>
  );
  return (
    <div className="stack">
      <div className="row">
        <Pill look={RUN[run.state]} />
        <span className="meta figures" data-testid="progress">
          {t('chains.live.progress', { done: ended, of: total })}
        </span>
        <Elapsed run={run} />
      </div>
      <p className="headline" data-testid="headline" tabIndex={-1}>
        {visible(run.headline)}
      </p>
      {run.dryRun && <p className="meta">{t('chains.live.dryRun')}</p>}
      <PrivateFields value={privates}>
        {run.needsYou.map((question) => (
          <Question key={`${question.step}-${question.item}`} report={run} question={question} open={run.state === 'needs_you'} />
        ))}
      </PrivateFields>
      {blockers.map((finding) => finding.problem && <ProblemBlock key={finding.text} problem={finding.problem} onFix={finding.step ? () => onShow(finding.step ?? '', { fixing: true }) : fix(finding.problem)} />)}
      {over && trouble}
      <ul className="live-steps">
        {run.steps.map((step) => (
          <LiveStep key={step.step} step={step} name={nameOf(step, stepOf(step.step), tools)} tries={triesHere(step.step)} onShow={onShow} />
        ))}
      </ul>
      {!over && trouble}
      <div className="row">
        <Link href={`/runs/${run.run}`} className="as-button">
          {t('chains.live.open')}
        </Link>
        {run.finishedAt && <Button onClick={onAgain}>{t('chains.live.again')}</Button>}
      </div>
      {trial.length > 0 && run.finishedAt && <Lesson trial={trial} worked={run.state === 'done'} onMended={onAgain} />}
    </div>
  );
}

/** How long it has taken: nothing that a screen reader is told each second. */
function Elapsed({ run }: { run: RunReport }) {
  const elapsed = useElapsed(run);
  return elapsed === undefined ? null : <span className="meta figures">{formatMs(elapsed)}</span>;
}

/** One step. It is drawn again when something about it changes, and counts down while it waits for another try. */
const LiveStep = memo(function LiveStep({ step, name, tries, onShow }: { step: StepReport; name: string; tries: number; onShow: Props['onShow'] }) {
  const now = useNow(step.state === 'retrying' ? 500 : undefined).getTime();
  return (
    <li>
      <Mark look={STEP[step.state]} />
      <button type="button" className="link-button cut" onClick={() => onShow(step.step)}>
        {visible(name)}
      </button>
      <span className="meta figures">{stepLine(step, tries, now)}</span>
    </li>
  );
});

/** As the canvas calls it; what is gone from the chain as the report does. */
const nameOf = (report: StepReport, step: Step | undefined, tools: Tools): string => (step ? tools.name(step) : report.name);

/** How far a step is, or how it went. */
function stepLine(step: StepReport, tries: number, now: number): string {
  if (step.state === 'waiting') return t('step.waiting');
  if (step.state === 'skipped') return t('step.skipped');
  const retry = retryOf(step, tries);
  if (retry) return retryWords(retry, now);
  return `${t('common.items', { count: step.itemsOut })} · ${formatMs(step.callMs)}`;
}
