import { NumberInput, Select } from '@mantine/core';

import type { Chain, ChainPolicy, OnFailure, StepPolicy } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { allSteps } from '../flow/outline';
import { TRIES } from '../fresh';

const CHOICES: OnFailure[] = ['stop_and_keep', 'stop_and_undo', 'continue'];

interface Props {
  chain: Chain;
  change: (update: (chain: Chain) => Chain) => void;
}

/** How long a run may take, and what holds for steps that say nothing themselves. */
export function RunForm({ chain, change }: Props) {
  const { policy } = chain;
  // Steps of earlier versions say everything themselves.
  const except = (own: keyof StepPolicy) => {
    const count = allSteps(chain).filter((step) => step.policy[own] !== undefined && step.policy[own] !== null).length;
    return count > 0 ? ` ${t('chains.policy.except', { count })}` : '';
  };
  const set = (part: Partial<ChainPolicy>) => change((chain) => ({ ...chain, policy: { ...chain.policy, ...part } }));
  return (
    <section className="stack" aria-label={t('chains.policy.title')}>
      <div className="two">
        <NumberInput
          label={t('chains.policy.longest')}
          description={t('chains.policy.longestHelp')}
          suffix={` ${t('chains.start.minutes')}`}
          min={1}
          max={44_640}
          clampBehavior="strict"
          value={policy?.timeoutMs ? policy.timeoutMs / 60_000 : ''}
          onChange={(value) => (value === '' || typeof value === 'number') && set({ timeoutMs: value === '' ? null : Math.round(value * 60_000) })}
        />
        <NumberInput
          label={t('chains.policy.tries')}
          description={`${t('chains.policy.triesHelp')}${except('tries')}`}
          min={1}
          max={10}
          clampBehavior="strict"
          placeholder={String(TRIES)}
          value={policy?.tries ?? ''}
          onChange={(value) => (value === '' || typeof value === 'number') && set({ tries: value === '' ? null : value })}
        />
      </div>
      <Select
        label={t('chains.policy.onFailure')}
        description={`${t('chains.policy.onFailureHelp')}${except('onFailure')}`}
        value={policy?.onFailure ?? 'stop_and_keep'}
        data={CHOICES.map((choice) => ({ value: choice, label: t(`chains.failure.${choice}`) }))}
        onChange={(value) => value && set({ onFailure: value as OnFailure })}
        allowDeselect={false}
      />
    </section>
  );
}
