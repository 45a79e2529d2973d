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
  /** It changes something: that is asked about first. */
  effect: boolean;
}

/** Does this step alone, with what the last run gave it. */
export function OnlyThis({ chain, step, effect, flush, onRun }: Props) {
  const [sure, setSure] = useState(false);
  const run = useDo('step_run', { touches: ['run_list', 'run_data', 'chain_fields'], onSuccess: (started) => onRun(started.id) });
  const start = () => {
    if (effect && !sure) {
      setSure(true);
      return;
    }
    setSure(false);
    void flush().then((kept) => kept && run.mutate({ chain, step }));
  };
  return (
    <div className="stack tab-note">
      <div className="row">
        <Button size="xs" variant={sure ? 'filled' : 'default'} leftSection={<Play size={14} aria-hidden />} loading={run.isPending} onClick={start}>
          {t(sure ? 'chains.data.onlySure' : 'chains.data.only')}
        </Button>
        {sure && (
          <Button size="xs" variant="subtle" onClick={() => setSure(false)}>
            {t('common.cancel')}
          </Button>
        )}
      </div>
      {run.isError && <ProblemBlock problem={toProblem(run.error)} />}
    </div>
  );
}
