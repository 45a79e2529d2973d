import { NumberInput, Select } from '@mantine/core';

import type { Chain, ChainPolicy, OnFailure } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { TRIES } from '../fresh';

const CHOICES: OnFailure[] = ['stop_and_keep', 'stop_and_undo', 'continue'];

interface Props {
  policy: ChainPolicy | undefined;
  change: (update: (chain: Chain) => Chain) => void;
}

/** How long a run may take, and what holds for steps that say nothing themselves. */
export function RunForm({ policy, change }: Props) {
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
          onChange={(value) => set({ timeoutMs: typeof value === 'number' ? Math.round(value * 60_000) : null })}
        />
        <NumberInput
          label={t('chains.policy.tries')}
          description={t('chains.policy.triesHelp')}
          min={1}
          max={10}
          clampBehavior="strict"
          placeholder={String(TRIES)}
          value={policy?.tries ?? ''}
          onChange={(value) => set({ tries: typeof value === 'number' ? value : null })}
        />
      </div>
      <Select
        label={t('chains.policy.onFailure')}
        description={t('chains.policy.onFailureHelp')}
        value={policy?.onFailure ?? 'stop_and_keep'}
        data={CHOICES.map((choice) => ({ value: choice, label: t(`chains.failure.${choice}`) }))}
        onChange={(value) => value && set({ onFailure: value as OnFailure })}
        allowDeselect={false}
      />
    </section>
  );
}
