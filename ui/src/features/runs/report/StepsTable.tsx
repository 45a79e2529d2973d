import { Tooltip } from '@mantine/core';

import type { RunReport, StepReport } from '../../../bindings/wire';
import { formatCount, formatMoment, formatMsOr, formatTimes, visible } from '../../../lib/format';
import { t, type WordKey } from '../../../lib/words';
import { Pill, STEP } from '../../../ui/states';
import { durationMs, isFinal, lastMoment, shownCount } from '../figures';
import { Part } from './Part';

interface Column {
  word: WordKey;
  of: (step: StepReport) => number;
  /** Shown although it is 0 everywhere. */
  always?: boolean;
  tone?: 'bad' | 'warn';
}

/** Each step in figures. What never happened has no column. */
export function StepsTable({ report, now }: { report: RunReport; now: number }) {
  const final = isFinal(report.state);
  const columns: Column[] = [
    { word: 'runs.steps.in', of: (s) => s.itemsIn, always: true },
    ...(report.dryRun ? [{ word: 'runs.steps.shown', of: shownCount } as Column] : []),
    { word: 'runs.steps.done', of: (s) => s.done, always: true },
    // A list step reads once and gives many.
    ...(report.steps.some((s) => s.itemsOut > s.done) ? [{ word: 'runs.steps.out', of: (s) => s.itemsOut } as Column] : []),
    { word: 'runs.steps.failed', of: (s) => s.failed, tone: 'bad' },
    // What was not worked on is left out only once nothing more comes.
    { word: final ? 'runs.steps.skipped' : 'runs.steps.toCome', of: (s) => s.skipped },
    { word: 'runs.steps.aside', of: (s) => s.quarantined, tone: 'warn' },
    { word: 'runs.steps.notKnown', of: (s) => s.unknown, tone: 'warn' },
  ];
  const shown = columns.filter((column) => column.always || report.steps.some((step) => column.of(step) > 0));
  const problems = report.steps.some((step) => step.problems.length > 0);
  return (
    <Part title={t('runs.steps.title')} flush>
      <div className="run-steps-frame">
        <table className="table run-steps">
          <thead>
            <tr>
              <th scope="col">{t('runs.steps.step')}</th>
              <th scope="col">{t('runs.steps.state')}</th>
              {shown.map((column) => (
                <th key={column.word} scope="col" className="number wide">
                  {t(column.word)}
                </th>
              ))}
              <th scope="col" className="number wide">{t('runs.steps.calls')}</th>
              <th scope="col" className="number wide">
                <Tooltip label={t('runs.steps.pAbout')}>
                  <span tabIndex={0} className="run-hint">{t('runs.steps.p')}</span>
                </Tooltip>
              </th>
              <th scope="col" className="number">{t('runs.steps.duration')}</th>
              {problems && <th scope="col" className="wide run-col-problem">{t('runs.steps.problem')}</th>}
            </tr>
          </thead>
          <tbody>
            {report.steps.map((step) => (
              <StepRow key={step.step} step={step} columns={shown} problems={problems} until={lastMoment(report, now)} />
            ))}
          </tbody>
        </table>
      </div>
    </Part>
  );
}

function StepRow({ step, columns, problems, until }: { step: StepReport; columns: Column[]; problems: boolean; until: number }) {
  const ms = durationMs(step.startedAt, step.finishedAt, until);
  const first = step.problems[0]?.problem;
  const retryAt = step.state === 'retrying' ? step.problems.find((p) => p.problem.retryAt)?.problem.retryAt : undefined;
  // What works by itself has neither.
  const action = step.action ?? '';
  const of = step.connection ? [visible(step.connection), ...(action === '' || action === step.name ? [] : [visible(action)])].join(' · ') : t('chains.logic.itself');
  return (
    <tr>
      <th scope="row">
        <div className="cut" title={visible(step.name)}>
          {visible(step.name)}
        </div>
        <div className="meta cut" title={of}>
          {of}
        </div>
        {step.itemsIn > 0 && (
          <div className="meta figures narrow">
            {t(shownCount(step) > 0 ? 'runs.steps.lineShown' : 'runs.steps.line', { done: formatCount(step.done), shown: formatCount(shownCount(step)), itemsIn: formatCount(step.itemsIn), calls: t('runs.steps.calls', { count: step.calls }) })}
          </div>
        )}
        {first && <div className="meta cut run-problem narrow">{visible(first.title)}</div>}
      </th>
      <td>
        <Pill look={STEP[step.state]} />
        {retryAt && <div className="meta figures">{t('runs.steps.again', { at: formatMoment(retryAt) })}</div>}
      </td>
      {columns.map((column) => {
        const count = column.of(step);
        return (
          <td key={column.word} className={`number wide ${count > 0 ? (column.tone ?? '') : ''}`}>
            {formatCount(count)}
          </td>
        );
      })}
      <td className="number wide">
        {formatCount(step.calls)}
        {step.retries > 0 && <div className="meta">{t('runs.steps.tries', { count: step.retries })}</div>}
      </td>
      <td className="number wide">{formatTimes(step.p50Ms, step.p95Ms)}</td>
      <td className="number">{formatMsOr(ms)}</td>
      {problems && (
        <td className="wide run-col-problem">
          {first && (
            <div className="cut run-problem" title={visible(first.title)}>
              {visible(first.title)}
            </div>
          )}
        </td>
      )}
    </tr>
  );
}
