import { SegmentedControl } from '@mantine/core';
import { Gauge } from 'lucide-react';
import { useState } from 'react';

import type { ChainFigures, HealthRange, StepFiguresView } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import { formatCount, formatTimes, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Panel } from '../../../ui/Panel';
import { Read } from '../../../ui/Read';

const RANGES: HealthRange[] = ['1h', '24h', '7d'];

/** How the calls of a chain's steps went: over all its runs, from the journal's own figures. */
export function FiguresPanel({ chainId, onClose }: { chainId: string | undefined; onClose: () => void }) {
  const [range, setRange] = useState<HealthRange>('24h');
  const read = useRead('chain_figures', { chain: chainId ?? '', range }, { enabled: chainId !== undefined, keep: true });
  return (
    <Panel icon={<Gauge size={20} aria-hidden />} title={t('chains.figures.title')} onClose={onClose}>
      <div className="stack">
        <SegmentedControl size="xs" aria-label={t('health.range')} data={RANGES.map((own) => ({ value: own, label: t(`health.ranges.${own}`) }))} value={range} onChange={(next) => setRange(next as HealthRange)} />
        {chainId === undefined ? <p className="meta">{t('chains.figures.none')}</p> : <Read read={read} shape="table">{(figures) => <Figures figures={figures} />}</Read>}
      </div>
    </Panel>
  );
}

function Figures({ figures: { steps } }: { figures: ChainFigures }) {
  if (steps.length === 0) return <p className="meta">{t('chains.figures.none')}</p>;
  const sum = (of: (step: StepFiguresView) => number) => steps.reduce((all, step) => all + of(step), 0);
  const [ok, calls] = [sum((step) => step.ok), sum((step) => step.calls)];
  return (
    <>
      <p>{t(ok === calls ? 'chains.figures.all' : 'chains.figures.some', { count: calls, ok: formatCount(ok), calls: formatCount(calls) })}</p>
      <div className="table-frame chain-figures" tabIndex={0} role="region" aria-label={t('chains.figures.title')}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('runs.steps.step')}</th>
              <th scope="col" className="number">{t('chains.figures.calls')}</th>
              <th scope="col" className="number">{t('chains.figures.ok')}</th>
              <th scope="col" className="number">{t('runs.steps.p')}</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => (
              <tr key={`${step.step} ${step.connection ?? ''}`}>
                <th scope="row">
                  {visible(step.name)}
                  <div className="meta">
                    {step.connection === null ? t('chains.figures.disconnected') : visible(step.connection)}
                    {!step.there && ` · ${t('chains.figures.gone')}`}
                  </div>
                </th>
                <td className="number">
                  {formatCount(step.calls)}
                  {step.retries > 0 && <div className="meta">{t('runs.steps.tries', { count: step.retries })}</div>}
                </td>
                <td className="number">
                  {formatCount(step.ok)}
                  {step.failed > 0 && <div className="meta bad">{t('chains.figures.failed', { count: step.failed })}</div>}
                </td>
                <td className="number">{formatTimes(step.p50Ms, step.p95Ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="meta">{t('runs.steps.pAbout')}</p>
    </>
  );
}
