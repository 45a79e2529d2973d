import { Button, Tooltip } from '@mantine/core';

import type { RunReport } from '../../../bindings/wire';
import { formatMs } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Mark, RUN } from '../../../ui/states';
import { isFinal, progress } from '../../runs/figures';
import { useElapsed } from './useElapsed';

interface Props {
  report: RunReport;
  /** Opens its panel; nothing where that is open. */
  onBack: (() => void) | undefined;
}

/** How the run that goes on beside the chain does, "4 of 6 · 12 s", and the way back to its panel. */
export function RunNow({ report, onBack }: Props) {
  const look = RUN[report.state];
  return (
    <>
      {!isFinal(report.state) && (
        <span className="run-now meta figures" data-testid="run-now">
          {t('runs.report.progress', { ...progress(report) })}
          <Elapsed report={report} />
        </span>
      )}
      {onBack && (
        <Tooltip label={t('chains.live.show')}>
          <Button className="run-back" aria-label={`${t('chains.live.show')}: ${t(look.word)}`} leftSection={<Mark look={look} />} onClick={onBack}>
            {t('chains.live.show')}
          </Button>
        </Tooltip>
      )}
    </>
  );
}

/** How long it has taken: drawn again each second, alone. */
function Elapsed({ report }: { report: RunReport }) {
  const elapsed = useElapsed(report);
  return elapsed === undefined ? null : ` · ${formatMs(elapsed)}`;
}
