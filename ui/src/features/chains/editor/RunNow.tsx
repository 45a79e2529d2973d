import { Button } from '@mantine/core';

import type { RunReport } from '../../../bindings/wire';
import { formatMs } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Mark, RUN } from '../../../ui/states';
import { progressOf } from '../run/progressOf';
import { useElapsed } from '../run/useElapsed';

/** How far the run is that was started here, and the way back to it from whatever else is open. */
export function RunNow({ run, onShow }: { run: RunReport; onShow: () => void }) {
  const elapsed = useElapsed(run);
  return (
    <Button size="compact-xs" variant="subtle" leftSection={<Mark look={RUN[run.state]} size={14} />} onClick={onShow} data-testid="run-now">
      <span className="out-of-sight">{t('chains.live.show')}: </span>
      <span className="figures">{[progressOf(run), ...(elapsed === undefined ? [] : [formatMs(elapsed)])].join(' · ')}</span>
    </Button>
  );
}
