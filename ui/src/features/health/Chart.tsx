import { Button } from '@mantine/core';
import { lazy, Suspense, useMemo, useState } from 'react';

import type { HealthOverview, HealthPoint } from '../../bindings/wire';
import { DASH, formatCount, formatMsOr } from '../../lib/format';
import { t } from '../../lib/words';
import { answered, moment, slowest } from './figures';
import { useHealthView } from './view';

const Plot = lazy(() => import('./Plot'));

interface Props {
  points: HealthPoint[];
  range: HealthOverview['range'];
  p50: number | null;
  p95: number | null;
}

/** Response time and failures over the range: as a picture, in a sentence, and as a table. */
export function Chart({ points, range, p50, p95 }: Props) {
  const [table, setTable] = useState(false);
  const summary = useMemo(() => summarise(points, range, p50, p95), [points, range, p50, p95]);
  const said = answered(points);
  return (
    <section className="card hl-chart" aria-labelledby="hl-chart">
      <div className="spread">
        <div className="row">
          <h2 id="hl-chart" className="hl-chart-title">
            {t('health.chart.title')}
          </h2>
          <Key colour="p50" word={t('health.chart.p50')} />
          <Key colour="p95" word={t('health.chart.p95')} />
          <Key colour="failures" word={t('health.chart.failures')} />
        </div>
        <div className="row">
          {!table && <Under points={points} range={range} />}
          {said.length > 0 && (
            <Button size="compact-xs" variant="subtle" onClick={() => setTable(!table)}>
              {t(table ? 'health.chart.asChart' : 'health.chart.asTable')}
            </Button>
          )}
        </div>
      </div>
      {said.length === 0 ? (
        <p className="hl-nothing">{t('health.chart.empty', { range: t(`health.rangeLong.${range}`) })}</p>
      ) : table ? (
        <PointTable points={points} range={range} />
      ) : (
        <div role="img" aria-label={summary} className="hl-plot-frame" data-testid="chart">
          <Suspense>
            <Plot points={points} range={range} />
          </Suspense>
        </div>
      )}
    </section>
  );
}

function Key({ colour, word }: { colour: string; word: string }) {
  return (
    <span className="hl-key">
      <span className={`hl-dot ${colour}`} aria-hidden />
      {word}
    </span>
  );
}

/** The figures under the pointer. */
function Under({ points, range }: { points: HealthPoint[]; range: Props['range'] }) {
  const point = useHealthView((state) => (state.at === undefined ? undefined : points[state.at]));
  if (!point) return null;
  return (
    <span className="meta figures" aria-hidden>
      {moment(point.at, range)} · p50 {formatMsOr(point.p50Ms)} · p95 {formatMsOr(point.p95Ms)} · {t('health.chart.failures')} {formatCount(point.failed)}
    </span>
  );
}

function summarise(points: HealthPoint[], range: Props['range'], p50: number | null, p95: number | null): string {
  const worst = slowest(points);
  const sum = (of: (point: HealthPoint) => number) => formatCount(points.reduce((all, point) => all + of(point), 0));
  return t('health.chart.summary', {
    range: t(`health.rangeLong.${range}`),
    p50: formatMsOr(p50),
    p95: formatMsOr(p95),
    worst: formatMsOr(worst?.p95Ms),
    when: worst ? moment(worst.at, range) : DASH,
    failed: sum((point) => point.failed),
    calls: sum((point) => point.calls),
  });
}

function PointTable({ points, range }: { points: HealthPoint[]; range: Props['range'] }) {
  return (
    <div className="hl-points" tabIndex={0} role="region" aria-labelledby="hl-chart">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('health.chart.time')}</th>
            <th scope="col" className="number">{t('health.chart.p50')}</th>
            <th scope="col" className="number">{t('health.chart.p95')}</th>
            <th scope="col" className="number">{t('health.chart.calls')}</th>
            <th scope="col" className="number">{t('health.chart.failures')}</th>
          </tr>
        </thead>
        <tbody>
          {answered(points).map((point) => (
            <tr key={point.at}>
              <th scope="row" className="figures">{moment(point.at, range)}</th>
              <td className="number">{formatMsOr(point.p50Ms)}</td>
              <td className="number">{formatMsOr(point.p95Ms)}</td>
              <td className="number">{formatCount(point.calls)}</td>
              <td className="number">{formatCount(point.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
