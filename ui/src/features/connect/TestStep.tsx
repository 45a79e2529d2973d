import { AlertTriangle, CheckCircle2, Circle, Clock, Loader, XCircle, type LucideIcon } from 'lucide-react';

import type { Problem, TestReport, Verdict } from '../../bindings/wire';
import { formatMs, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Pill, type Tone } from '../../ui/states';
import { SignalPair, signalOf } from './SignalPair';
import { PARTS, type TestProgress } from './useTest';

const VERDICT: Record<Verdict | 'running' | 'waiting', { word: WordKey; tone: Tone; icon: LucideIcon }> = {
  ok: { word: 'connect.verdict.ok', tone: 'ok', icon: CheckCircle2 },
  look: { word: 'connect.verdict.look', tone: 'warn', icon: AlertTriangle },
  failed: { word: 'connect.verdict.failed', tone: 'bad', icon: XCircle },
  not_run: { word: 'connect.verdict.not_run', tone: 'idle', icon: Circle },
  running: { word: 'connect.verdict.running', tone: 'run', icon: Loader },
  waiting: { word: 'connect.verdict.waiting', tone: 'idle', icon: Clock },
};

interface Props {
  name: string;
  /** The tool, by identifier. */
  connector: string;
  test: TestProgress;
  /** The key belongs to another account than the connection. */
  mismatch: { before: string; now: string } | undefined;
  onFix: (problem: Problem) => void;
  onOtherKey: () => void;
}

/** Step 3: four lines, what came back, and why it does not work where it does not. */
export function TestStep({ name, connector, test, mismatch, onFix, onOtherKey }: Props) {
  const { report, problem, over } = test;
  return (
    <>
      <TestLines test={test} />
      <p className="out-of-sight" role="status">
        {test.running ? t('connect.testing', { name: visible(name) }) : over ? t(sumUp(report, problem)) : ''}
      </p>
      {test.running && test.slow && (
        <p className="cw-note" role="status">
          {t('connect.slow')}
        </p>
      )}
      {over && problem && <ProblemBlock problem={mendable(problem)} onFix={() => onFix(problem)} />}
      {over && mismatch && (
        <ProblemBlock
          problem={{
            code: 'CONFLICT',
            title: t('connect.otherAccount', { now: visible(mismatch.now) }),
            hint: t('connect.otherAccountBody', { now: visible(mismatch.now), before: visible(mismatch.before) }),
            fix: { label: t('connect.otherAccountFix'), action: 'replace_key' },
          }}
          onFix={onOtherKey}
        />
      )}
      {over && report && !problem && !mismatch && <Samples report={report} connector={connector} />}
    </>
  );
}

/** Actions that this step knows a place for; everything else is tried again. */
const KNOWN = ['replace_key', 'reconnect', 'allow_target', 'edit_settings', 'edit_input', 'network_settings', 'retry'];

/** A problem as it stands here: its button says what it does, and nobody tries again but who presses it. */
function mendable(problem: Problem): Problem {
  if (problem.fix && problem.fix.action !== 'retry' && KNOWN.includes(problem.fix.action)) return problem;
  const hint = PROMISING.has(problem.code) ? t('connect.tryLater') : problem.hint;
  return { ...problem, hint, fix: { label: t('connect.testAgain'), action: 'retry' } };
}

/** Problems whose words say that work goes on by itself. */
const PROMISING = new Set<Problem['code']>(['SERVICE_DOWN', 'RATE_LIMITED', 'LOCAL_RATE_LIMITED', 'CIRCUIT_OPEN', 'STORAGE_BUSY']);

function sumUp(report: TestReport | undefined, problem: Problem | undefined): WordKey {
  if (problem) return 'connect.failed';
  return report?.lines.some((line) => line.verdict === 'look') ? 'connect.passedLook' : 'connect.passed';
}

/** Reached, signed in, permissions, sample: they tick in this order. */
function TestLines({ test }: { test: TestProgress }) {
  return (
    <ul className="cw-lines">
      {PARTS.map((part, index) => {
        const line = index < test.shown ? test.report?.lines.find((one) => one.part === part) : undefined;
        const waiting = test.running || test.report ? (index === test.shown ? 'running' : 'waiting') : 'not_run';
        return (
          <li key={part}>
            <Pill look={VERDICT[line?.verdict ?? waiting]} />
            <span className="cw-line-text">{line ? visible(line.text) : t(`connect.part.${part}`)}</span>
            <span className="meta figures">{line?.ms !== undefined && line.ms !== null ? formatMs(line.ms) : ''}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** Up to three items, raw beside signals. */
function Samples({ report, connector }: { report: TestReport; connector: string }) {
  if (report.items.length === 0)
    return report.lines.some((line) => line.part === 'sample' && line.verdict === 'look') ? <p className="cw-note">{t('connect.nothingYet')}</p> : null;
  return (
    <section aria-label={t('connect.samples', { count: report.items.length })}>
      <h3 className="cw-head">{t('connect.samples', { count: report.items.length })}</h3>
      {report.items.map((item, index) => (
        <SignalPair key={index} raw={item} connector={connector} signal={signalOf(item, report.signals, index, report.items.length)} />
      ))}
    </section>
  );
}
