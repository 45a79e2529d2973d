import { AlertTriangle } from 'lucide-react';

import type { Finding, RunReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { isFinal } from '../figures';
import { Fold } from './Fold';
import { Part } from './Part';
import { inReport, useFix } from './useFix';

/** What the check before the run found: what stopped it, what was unsure, what it was to do. */
export function CheckPart({ report, runAgain }: { report: RunReport; runAgain?: (() => void) | undefined }) {
  const fix = useFix(report, runAgain);
  const of = (level: Finding['level']) => report.check.filter((finding) => finding.level === level);
  const blockers = of('blocker');
  const warnings = of('warning');
  const effects = of('effect');
  // What was waited for then is waited for no more.
  const said = ({ text, problem }: Finding) => (problem?.retry === 'wait' && isFinal(report.state) ? problem.title : text);
  if (report.check.length === 0) return null;
  return (
    <Part title={t('runs.check.title')}>
      {blockers.map((finding, index) =>
        finding.problem ? (
          <ProblemBlock key={index} problem={inReport(finding.problem)} onFix={fix(finding.problem, finding.step ?? undefined)} alert={false} />
        ) : (
          <Line key={index} tone="bad" word={t('runs.check.blocker')} text={finding.text} />
        ),
      )}
      {warnings.map((finding, index) => (
        <Line key={index} tone="warn" word={t('runs.check.warning')} text={said(finding)} />
      ))}
      {effects.length > 0 && (
        <Fold title={t('runs.check.effects')} aside={effects.length}>
          <ul className="run-effects">
            {effects.map((finding, index) => (
              <li key={index}>{visible(finding.text)}</li>
            ))}
          </ul>
        </Fold>
      )}
    </Part>
  );
}

function Line({ tone, word, text }: { tone: 'warn' | 'bad'; word: string; text: string }) {
  return (
    <div className="run-finding">
      <AlertTriangle size={16} role="img" aria-label={word} className={`mark ${tone}`} />
      <span>{visible(text)}</span>
    </div>
  );
}
