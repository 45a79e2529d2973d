import { Button } from '@mantine/core';
import { Pin, PinOff } from 'lucide-react';

import type { PinView } from '../../../bindings/wire';
import { useDo } from '../../../engine';
import { formatCount, formatMoment } from '../../../lib/format';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';

interface Props {
  chain: string;
  step: string;
  pin: PinView | undefined;
  /** The run whose data is shown; none where there is nothing to keep. */
  run: string | undefined;
}

/** Reads again after a pin: what previews are made of. */
const TOUCHES = ['pin_list', 'pin_show', 'chain_fields'] as const;

/** Keeps what a step gave, to build on without calling the service again; and lets go of it. */
export function PinPart({ chain, step, pin, run }: Props) {
  const keep = useDo('step_pin', { touches: [...TOUCHES] });
  const drop = useDo('step_unpin', { touches: [...TOUCHES] });
  const failed = keep.error ?? drop.error;
  return (
    <>
      {pin ? (
        <>
          <Button size="xs" leftSection={<PinOff size={14} aria-hidden />} loading={drop.isPending} onClick={() => drop.mutate({ chain, step })}>
            {t('chains.data.unpin')}
          </Button>
          <p className={pin.holds ? 'meta data-pinned' : 'meta warn data-pinned'} role="status">
            <Pin size={14} aria-hidden /> {pin.holds ? t('chains.data.pinned', { at: formatMoment(pin.at), count: pin.items, n: formatCount(pin.items) }) : t('chains.data.pinnedOther', { at: formatMoment(pin.at) })}
          </p>
        </>
      ) : (
        run !== undefined && (
          <Button size="xs" leftSection={<Pin size={14} aria-hidden />} loading={keep.isPending} onClick={() => keep.mutate({ chain, step, run })}>
            {t('chains.data.pin')}
          </Button>
        )
      )}
      {failed && <ProblemBlock problem={toProblem(failed)} />}
    </>
  );
}
