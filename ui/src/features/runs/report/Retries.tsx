import type { RunReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Fold } from './Fold';
import { Part } from './Part';

/** Requests that were sent again, and why: how often first, the reasons step by step. */
export function Retries({ report }: { report: RunReport }) {
  const steps = report.steps.filter((step) => step.retryReasons.length > 0);
  const count = steps.reduce((sum, step) => sum + step.retries, 0);
  if (steps.length === 0) return null;
  return (
    <Part title={t('runs.retries.title')} about={t('runs.retries.about', { count })}>
      {steps.map((step) => (
        <Fold key={step.step} title={visible(step.name)} aside={t('runs.retries.times', { count: step.retries })}>
          <ul className="run-effects">
            {step.retryReasons.map((reason) => (
              <li key={reason.text}>
                {visible(reason.text)} <span className="meta figures">· {t('runs.retries.times', { count: reason.count })}</span>
              </li>
            ))}
          </ul>
        </Fold>
      ))}
    </Part>
  );
}
