import { Button } from '@mantine/core';

import { t } from '../../lib/words';
import { BusyButton } from '../../ui/BusyButton';

interface Props {
  first: boolean;
  busy: boolean;
  /** The main action; without one, what is shown has its own. */
  main: { label: string; disabled: boolean; describedBy?: string | undefined } | undefined;
  onBack: () => void;
  /** Tests again, where that is possible. */
  onTest?: (() => void) | undefined;
  testing: boolean;
}

/** The buttons below a step. */
export function Foot({ first, busy, main, onBack, onTest, testing }: Props) {
  return (
    <div className="cw-foot">
      <Button onClick={onBack} disabled={busy}>
        {t(first ? 'common.cancel' : 'common.back')}
      </Button>
      <span className="cw-foot-end">
        {onTest && (
          <Button onClick={() => !testing && onTest()} aria-disabled={testing}>
            {t('connect.testAgain')}
          </Button>
        )}
        {main && (
          <BusyButton type="submit" variant="filled" data-main busy={busy} disabled={main.disabled} aria-describedby={main.describedBy}>
            {main.label}
          </BusyButton>
        )}
      </span>
    </div>
  );
}
