import { Radio } from '@mantine/core';

import type { OnFailure } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { changeStep } from '../document';
import { failureOf, triesOf } from '../fresh';
import type { StepProps } from './StepPanel';

const CHOICES: OnFailure[] = ['stop_and_undo', 'stop_and_keep', 'skip_item', 'continue'];

/** The step says nothing itself. */
const AS_CHAIN = 'chain';

/** What a failed item means, as a sentence. */
export function FailureTab({ chain, step, change }: StepProps) {
  return (
    <div className="stack tab-note">
      <Radio.Group
        label={t('chains.failure.sentence', { tries: triesOf(chain, step) })}
        value={step.policy.onFailure ?? AS_CHAIN}
        onChange={(value) => change((c) => changeStep(c, step.id, (s) => ({ ...s, policy: { ...s.policy, onFailure: value === AS_CHAIN ? null : (value as OnFailure) } })))}
      >
        <div className="stack choices">
          <Radio value={AS_CHAIN} label={t('chains.failure.asChain', { what: t(`chains.failure.${failureOf(chain)}`) })} />
          {CHOICES.map((choice) => (
            <Radio key={choice} value={choice} label={t(`chains.failure.${choice}`)} />
          ))}
        </div>
      </Radio.Group>
      <p className="meta">{t('chains.failure.about')}</p>
    </div>
  );
}
