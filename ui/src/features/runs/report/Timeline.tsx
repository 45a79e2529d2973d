import type { RunReport } from '../../../bindings/wire';
import { formatMs, formatMsOr, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Mark, STEP } from '../../../ui/states';
import { spans } from '../figures';
import { Part } from './Part';

/** When each step was at work, how much of that was calling, and how much waiting to try again. */
export function Timeline({ report, now }: { report: RunReport; now: number }) {
  const { wholeMs, bars } = spans(report, now);
  if (bars.every((bar) => bar === undefined)) return null;
  const text = report.steps.map((step, index) => {
    const bar = bars[index];
    const name = visible(step.name);
    if (!bar) return t('runs.timeline.notBegun', { step: name });
    const row = t('runs.timeline.row', { step: name, after: formatMs(bar.afterMs), took: formatMs(bar.tookMs) });
    return step.retryWaitMs > 0 ? t('runs.timeline.rowRetried', { row, waited: formatMs(step.retryWaitMs) }) : row;
  });
  const retried = bars.some((bar) => bar !== undefined && bar.retrying > 0);
  return (
    <Part
      title={t('runs.timeline.title')}
      aside={
        <span className="run-legend meta" aria-hidden>
          <span className="run-key calling" /> {t('runs.timeline.calling')} <span className="run-key waiting" /> {t('runs.timeline.waiting')}
          {retried && (
            <>
              <span className="run-key retrying" /> {t('runs.timeline.retrying')}
            </>
          )}
        </span>
      }
    >
      <div className="run-timeline" role="img" aria-label={text.join('; ')}>
        {report.steps.map((step, index) => {
          const bar = bars[index];
          return (
            <div className="run-bar-row" key={step.step}>
              <span className="run-bar-name">
                <Mark look={STEP[step.state]} size={14} />
                <span className="cut" title={visible(step.name)}>
                  {visible(step.name)}
                </span>
              </span>
              <span className="run-bar-track">
                {bar && (
                  <span className={`run-bar ${STEP[step.state].tone}`} style={{ insetInlineStart: `min(${bar.left}%, 100% - 6px)`, width: `${bar.width}%` }}>
                    <span className="run-bar-calling" style={{ width: `${bar.calling}%` }} />
                    {bar.retrying > 0 && <span className="run-bar-retrying" style={{ width: `${bar.retrying}%` }} />}
                  </span>
                )}
              </span>
              <span className="run-bar-time figures">{formatMsOr(bar?.tookMs)}</span>
            </div>
          );
        })}
        <div className="run-bar-row run-axis meta figures">
          <span />
          <span className="run-axis-ends">
            <span>{formatMs(0)}</span>
            <span>{formatMs(wholeMs)}</span>
          </span>
          <span />
        </div>
      </div>
    </Part>
  );
}
