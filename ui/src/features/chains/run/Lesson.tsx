import { Button } from '@mantine/core';
import { CheckCircle2, Wrench } from 'lucide-react';
import { useLocation } from 'wouter';

import type { SandboxTool } from '../../../bindings/wire';
import { send, useDo, useRead } from '../../../engine';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { BusyButton } from '../../../ui/BusyButton';

const TOUCHES = ['sandbox_show', 'connection_list', 'connection_show', 'health'] as const;

interface Props {
  /** The connections to the sandbox that the chain uses. */
  trial: string[];
  /** The run that is looked at went well. */
  worked: boolean;
  /** The trouble has ended. */
  onMended: () => void;
}

/**
 * How trouble looks, with the sandbox: one fault, asked for here, and its end, wherever it is met. Whether there is
 * trouble is what the sandbox says: it outlasts the panel that it was asked for in.
 */
export function Lesson({ trial, worked, onMended }: Props) {
  const trouble = useRead('sandbox_show', {}).data?.trouble;
  const fault = useDo('sandbox_fault', { touches: [...TOUCHES] });
  const mend = async (tool: SandboxTool) => {
    await fault.mutateAsync({ tool, fault: null });
    // Calls may be paused after so many failures: who has just ended the trouble does not wait for the next try.
    await Promise.allSettled(trial.map((name) => send('circuit_reset', { name })));
    onMended();
  };
  const [, go] = useLocation();
  if (trouble === undefined || (!worked && trouble === null)) return null;
  return (
    <div className="card stack next">
      {worked && (
        <h3 className="row">
          <CheckCircle2 size={16} className="mark ok" aria-hidden />
          {t('chains.live.worked')}
        </h3>
      )}
      <p className="meta">{trouble ? t(worked ? 'chains.live.broken' : 'chains.live.lesson', { tool: t(`settings.sandbox.tool.${trouble.tool}`) }) : t('chains.live.next')}</p>
      {fault.isError && <ProblemBlock problem={toProblem(fault.error)} />}
      <div className="row">
        {trouble ? (
          <BusyButton busy={fault.isPending} leftSection={<Wrench size={16} aria-hidden />} onClick={() => void mend(trouble.tool).catch(() => undefined)}>
            {t('chains.live.mend')}
          </BusyButton>
        ) : (
          <BusyButton busy={fault.isPending} onClick={() => fault.mutate({ tool: 'chat', fault: 'down' })}>
            {t('chains.live.break')}
          </BusyButton>
        )}
        {worked && <Button onClick={() => go('/catalogue')}>{t('chains.live.real')}</Button>}
      </div>
    </div>
  );
}
