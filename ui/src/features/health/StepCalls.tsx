import { Link } from 'wouter';

import type { HealthDetail, HealthRange, StepCallsView } from '../../bindings/wire';
import { DASH, formatCount, formatMsOr, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { share } from './figures';

/** How the calls of chains' steps through this connection went, step by step. */
export function StepCalls({ detail: { steps }, range }: { detail: HealthDetail; range: HealthRange }) {
  return (
    <section aria-labelledby="hl-steps" data-testid="step-calls">
      <h3 id="hl-steps">{t('health.panel.steps')}</h3>
      {steps.length === 0 ? (
        <p className="meta">{t('health.panel.noSteps', { range: t(`health.rangeLong.${range}`) })}</p>
      ) : (
        <div className="table-frame hl-steps" tabIndex={0} role="region" aria-labelledby="hl-steps">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{t('health.panel.step')}</th>
                <th scope="col" className="number">{t('health.chart.calls')}</th>
                <th scope="col" className="number">{t('health.panel.succeeded')}</th>
                <th scope="col" className="number">{t('health.chart.p50')}</th>
                <th scope="col" className="number">{t('health.chart.p95')}</th>
              </tr>
            </thead>
            <tbody>
              {steps.map((step) => (
                <Line key={`${step.chainId} ${step.step}`} step={step} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Line({ step }: { step: StepCallsView }) {
  return (
    <tr>
      <th scope="row">
        {visible(step.name)}
        <div className="meta">
          {step.chain === null ? (
            t('health.panel.chainGone')
          ) : (
            <Link href={`/chains/${step.chainId}`} className="hl-link">
              {visible(step.chain)}
            </Link>
          )}
        </div>
      </th>
      <td className="number">{formatCount(step.calls)}</td>
      <td className="number">
        {share(step.ok, step.calls) ?? DASH}
        {step.failed > 0 && <div className="meta hl-bad">{t('health.panel.stepFailed', { count: step.failed })}</div>}
      </td>
      <td className="number">{formatMsOr(step.p50Ms)}</td>
      <td className="number">{formatMsOr(step.p95Ms)}</td>
    </tr>
  );
}
