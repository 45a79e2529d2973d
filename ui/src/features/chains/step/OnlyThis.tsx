import { Button } from '@mantine/core';
import { Play } from 'lucide-react';
import { useState } from 'react';

import { useDo } from '../../../engine';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import type { StepProps } from './StepPanel';

interface Props extends Pick<StepProps, 'flush' | 'onRun'> {
  chain: string;
  step: string;
  /** The run that was chosen to go on from. */
  run: string | undefined;
  /** It changes something: that is asked about first. */
  effect: boolean;
}

/** Does this step alone, with what is pinned before it or what a run gave it. */
export function OnlyThis({ chain, step, run: from, effect, flush, onRun }: Props) {
  const [sure, setSure] = useState(false);
  const run = useDo('step_run', { touches: ['run_list', 'run_data', 'chain_fields'], onSuccess: (started) => onRun(started.id) });
  const start = () => {
    if (effect && !sure) {
      setSure(true);
      return;
    }
    setSure(false);
    void flush().then((kept) => kept && run.mutate({ chain, step, run: from ?? null }));
  };
  return (
    <>
      <Button size="xs" variant={sure ? 'filled' : 'default'} leftSection={<Play size={14} aria-hidden />} loading={run.isPending} onClick={start}>
        {t(sure ? 'chains.data.onlySure' : 'chains.data.only')}
      </Button>
      {sure && (
        <Button size="xs" variant="subtle" onClick={() => setSure(false)}>
          {t('common.cancel')}
        </Button>
      )}
      {run.isError && <ProblemBlock problem={toProblem(run.error)} />}
    </>
  );
}
