import { Button } from '@mantine/core';
import { Unplug } from 'lucide-react';

import type { RunId } from '../../../bindings/wire';
import { useDo } from '../../../engine';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';

/** Its engine has ended: whoever waits for the run takes it up again. */
export function Interrupted({ run }: { run: RunId }) {
  const wait = useDo('run_wait', { touches: ['run_report', 'run_list', 'health'] });
  return (
    <div className="problem warn">
      <Unplug size={18} aria-hidden className="problem-icon" />
      <div className="problem-text">
        <p>{t('runs.interrupted.body')}</p>
        {wait.isError && <ProblemBlock problem={toProblem(wait.error)} />}
        <div className="row">
          <Button size="xs" variant="filled" loading={wait.isPending} onClick={() => wait.mutate({ run })}>
            {t('runs.interrupted.go')}
          </Button>
        </div>
      </div>
    </div>
  );
}
