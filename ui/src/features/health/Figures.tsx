import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';

import type { HealthOverview } from '../../bindings/wire';
import { DASH, formatCount, formatMsOr } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { change, share } from './figures';
import { useHealthView } from './view';

/** The four figures. */
export function Figures({ data }: { data: HealthOverview }) {
  const { figures } = data;
  const calls = figures.callsOk + figures.callsFailed;
  const need = figures.needSignIn + figures.failing + figures.degraded;
  const parts = [
    figures.needSignIn > 0 && t('health.needs.signIn', { count: figures.needSignIn }),
    figures.failing > 0 && t('health.needs.failing', { count: figures.failing }),
    figures.degraded > 0 && t('health.needs.degraded', { count: figures.degraded }),
  ].filter(Boolean);
  return (
    <>
      <div className="hl-figures">
        <Figure word="health.figure.calls" value={share(figures.callsOk, calls) ?? DASH} testid="calls">
          {calls > 0 ? t('health.calls', { count: calls, n: formatCount(calls) }) : t('health.noCalls')}
        </Figure>
        <Figure word="health.figure.p95" value={formatMsOr(figures.p95Ms)} testid="p95">
          <Change data={data} />
        </Figure>
        <Figure word="health.figure.signals" value={formatCount(figures.signalsDay)} testid="signals">
          {t('health.inWeek', { n: formatCount(figures.signalsWeek) })}
        </Figure>
        <Figure word="health.figure.needsYou" value={formatCount(need)} testid="needs-you">
          {need === 0 ? (
            t('health.nobody')
          ) : (
            <button type="button" className="hl-link" aria-label={`${t('health.showThem')}: ${parts.join(', ')}`} onClick={() => useHealthView.setState({ problemsOnly: true })}>
              {parts.join(', ')}
              <ArrowRight size={12} aria-hidden />
            </button>
          )}
        </Figure>
      </div>
      {data.sandbox > 0 && <p className="meta hl-apart">{t('health.sandboxApart', { count: data.sandbox })}</p>}
    </>
  );
}

function Change({ data }: { data: HealthOverview }) {
  const by = change(data.figures.p95Ms, data.figures.p95BeforeMs);
  const before = t(`health.before.${data.range}`);
  if (by === undefined) return t('health.noBefore');
  if (by === 'same') return t('health.same', { before });
  return <span className={by.up ? 'hl-warn' : undefined}>{t(by.up ? 'health.upBy' : 'health.downBy', { share: by.by, before })}</span>;
}

function Figure({ word, value, testid, children }: { word: WordKey; value: string; testid: string; children: ReactNode }) {
  return (
    <div className="card hl-figure" data-testid={`figure-${testid}`}>
      <div className="meta">{t(word)}</div>
      <div className="hl-value figures">{value}</div>
      <div className="meta figures">{children}</div>
    </div>
  );
}
