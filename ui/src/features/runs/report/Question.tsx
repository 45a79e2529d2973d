import { Anchor, Button } from '@mantine/core';
import { CircleHelp } from 'lucide-react';
import { useId } from 'react';
import { Link } from 'wouter';

import type { Decision, OpenQuestion, RunReport } from '../../../bindings/wire';
import { useDo } from '../../../engine';
import { formatAgo, formatMoment, visible } from '../../../lib/format';
import { t, type WordKey } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { Pill, STEP } from '../../../ui/states';
import { RequestView } from './RequestView';

const ANSWERS: [Decision, WordKey][] = [
  ['happened', 'runs.question.happened'],
  ['not_happened', 'runs.question.notHappened'],
  ['undo', 'runs.question.undo'],
];
/** A run that gets no further asks only whether to try once more. */
const STUCK: [Decision, WordKey][] = [
  ['not_happened', 'runs.question.goOn'],
  ['undo', 'runs.question.undo'],
];

/** A step that asks: yes or no. */
function Approval({ report, question, open }: { report: RunReport; question: OpenQuestion; open: boolean }) {
  const id = useId();
  const answer = useDo('run_answer', { touches: ['run_report', 'run_list', 'health'] });
  const step = report.steps.find((s) => s.step === question.step);
  return (
    <section className="run-question" aria-labelledby={id} aria-busy={answer.isPending}>
      <div className="run-question-head">
        <CircleHelp size={20} aria-hidden className="mark warn" />
        <h2 id={id}>{visible(question.approval ?? '')}</h2>
      </div>
      <p className="meta">{t('runs.question.asks', { step: visible(step?.name ?? question.step), item: question.item + 1 })}</p>
      {answer.isError && <ProblemBlock problem={toProblem(answer.error)} />}
      {open && (
        <div className="row">
          {([true, false] as const).map((approved) => (
            <Button
              key={String(approved)}
              variant={approved ? 'filled' : 'default'}
              loading={answer.isPending && answer.variables.approved === approved}
              disabled={answer.isPending}
              onClick={() => answer.mutate({ run: report.run, approved, step: question.step, item: question.item })}
            >
              {t(approved ? 'runs.question.yes' : 'runs.question.no')}
            </Button>
          ))}
        </div>
      )}
    </section>
  );
}

/** What a run asks: whether something happened, or whether it goes on. */
export function Question(props: { report: RunReport; question: OpenQuestion; open: boolean }) {
  return props.question.approval ? <Approval {...props} /> : <Outcome {...props} />;
}

/** An outcome that nobody knows: everything that helps to find out, and what the user can say. */
function Outcome({ report, question, open }: { report: RunReport; question: OpenQuestion; open: boolean }) {
  const id = useId();
  const resolve = useDo('run_resolve', { touches: ['run_report', 'run_list', 'health'] });
  const step = report.steps.find((s) => s.step === question.step);
  const connection = step?.connection ?? '';
  const stuck = question.problem.code === 'RUN_STUCK' || question.problem.code === 'EFFECTS_USED_UP';
  const name = visible(step?.name ?? question.step);
  return (
    <section className="run-question" aria-labelledby={id} aria-busy={resolve.isPending}>
      <div className="run-question-head">
        <CircleHelp size={20} aria-hidden className="mark warn" />
        <h2 id={id}>{visible(question.problem.title)}</h2>
        {!stuck && <Pill look={STEP.not_known} />}
      </div>
      <p>{visible(question.problem.hint)}</p>
      <dl className="facts">
        <dt>{t('runs.question.step')}</dt>
        <dd>{step && step.itemsIn > 1 ? t('runs.question.stepOf', { step: name, item: question.item + 1 }) : name}</dd>
        {question.sentAt !== null && (
          <>
            <dt>{t('runs.question.sent')}</dt>
            <dd className="figures">
              <time dateTime={question.sentAt}>{formatMoment(question.sentAt)}</time> ({formatAgo(question.sentAt)})
            </dd>
          </>
        )}
        {connection && (
          <>
            <dt>{t('runs.question.to')}</dt>
            <dd>
              <Anchor component={Link} inherit href={`/connections/${encodeURIComponent(connection)}`} aria-label={t('runs.question.open', { connection: visible(connection) })}>
                {visible(connection)}
              </Anchor>
            </dd>
          </>
        )}
        {question.problem.detail && (
          <>
            <dt>{t('runs.question.seen')}</dt>
            <dd>{visible(question.problem.detail)}</dd>
          </>
        )}
        <dt>{t('runs.question.request')}</dt>
        <dd>{question.request ? <RequestView request={question.request} step={question.step} /> : t('runs.question.nothing')}</dd>
      </dl>
      {resolve.isError && <ProblemBlock problem={toProblem(resolve.error)} />}
      {open ? (
        <>
          {!stuck && <p className="meta">{t('runs.question.look', { tool: visible(connection) })}</p>}
          <div className="row">
            {(stuck ? STUCK : ANSWERS).map(([decision, word]) => (
              <Button
                key={decision}
                loading={resolve.isPending && resolve.variables.decision === decision}
                disabled={resolve.isPending}
                onClick={() => resolve.mutate({ run: report.run, decision, step: question.step, item: question.item })}
              >
                {t(word)}
              </Button>
            ))}
            <span role="status" className="meta">
              {resolve.isPending && t('runs.question.working')}
            </span>
          </div>
        </>
      ) : (
        <p className="meta">{t('runs.question.ended')}</p>
      )}
    </section>
  );
}
