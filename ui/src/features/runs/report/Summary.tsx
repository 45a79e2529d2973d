import { Anchor, Button, Progress } from '@mantine/core';
import { Square } from 'lucide-react';
import { Fragment, useState, type ReactNode } from 'react';
import { Link } from 'wouter';

import type { RunReport } from '../../../bindings/wire';
import { formatMoment, formatMs, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { useShortcuts } from '../../../shell/shortcuts';
import { Pill, RUN } from '../../../ui/states';
import { isActive, isFinal, progress } from '../figures';
import { INTERRUPTED } from '../looks';
import { Interrupted } from './Interrupted';
import { StopDialog } from './StopDialog';

/** One sentence, how it is, since when; and the way to stop it. */
export function Summary({ report, elapsedMs, pill, onFull }: { report: RunReport; elapsedMs: number | undefined; pill: boolean; onFull?: (() => void) | undefined }) {
  const [stopping, setStopping] = useState(false);
  const final = isFinal(report.state);
  const { ended, total } = progress(report);
  useShortcuts({ 'Ctrl+.': () => setStopping(true) }, !final);
  const facts: ReactNode[] = [
    <Anchor key="chain" component={Link} href={`/chains/${encodeURIComponent(report.chainId)}`} inherit className="run-chain cut" title={visible(report.chain)} aria-label={t('runs.report.openChain', { chain: visible(report.chain) })}>
      {visible(report.chain)}
    </Anchor>,
    t('runs.report.version', { version: report.chainVersion }),
    <time key="started" dateTime={report.createdAt} title={report.createdAt}>
      {t(report.startedAt === null ? 'runs.report.asked' : 'runs.report.started', { at: formatMoment(report.startedAt ?? report.createdAt) })}
    </time>,
    ...(elapsedMs !== undefined && (final || isActive(report)) ? [t(final ? 'runs.report.took' : 'runs.report.elapsed', { time: formatMs(elapsedMs) })] : []),
    ...(report.recoveries > 0 ? [t('runs.report.recoveries', { count: report.recoveries })] : []),
  ];
  return (
    <section className="run-summary" aria-label={t('runs.report.label')}>
      {pill && (
        <div className="run-summary-row pills">
          <Pill look={report.interrupted ? INTERRUPTED : RUN[report.state]} />
          {report.dryRun && <span className="runs-tag">{t('runs.dryRun')}</span>}
          {report.narrowed && <span className="runs-tag">{t('runs.inPart.tag')}</span>}
          {onFull && (
            <Button className="run-summary-end" size="compact-sm" variant="subtle" onClick={onFull}>
              {t('runs.report.full')}
            </Button>
          )}
        </div>
      )}
      <div className="run-summary-row">
        <p className="run-headline">{visible(report.headline)}</p>
        {!final && (
          <Button className="run-summary-end" leftSection={<Square size={14} aria-hidden />} onClick={() => setStopping(true)} aria-keyshortcuts="Control+.">
            {t('runs.stop.button')}
          </Button>
        )}
      </div>
      {!final && (
        <div className="run-progress-row">
          <Progress className="run-progress" value={(ended / Math.max(total, 1)) * 100} size={6} radius={3} aria-label={t('runs.report.progressLabel')} />
          <span className="figures run-progress-words">{t('runs.report.progress', { ended, total })}</span>
        </div>
      )}
      {report.interrupted && <Interrupted run={report.run} />}
      <p className="meta figures run-facts">
        {facts.map((fact, index) => (
          <Fragment key={index}>
            {index > 0 && <span aria-hidden> · </span>}
            {fact}
          </Fragment>
        ))}
      </p>
      <StopDialog run={report.run} opened={stopping && !final} onClose={() => setStopping(false)} />
    </section>
  );
}
