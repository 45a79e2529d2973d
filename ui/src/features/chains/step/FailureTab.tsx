import { Radio } from '@mantine/core';

import type { OnFailure } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { changeStep } from '../document';
import { failureOf, triesOf } from '../fresh';
import type { StepProps } from './StepPanel';

const CHOICES: OnFailure[] = ['stop_and_undo', 'stop_and_keep', 'skip_item', 'continue'];

/** What a failed item means, as a sentence. */
export function FailureTab({ chain, step, change }: StepProps) {
  return (
    <div className="stack tab-note">
      <Radio.Group
        label={t('chains.failure.sentence', { tries: triesOf(chain, step) })}
        value={failureOf(chain, step)}
        onChange={(value) => change((c) => changeStep(c, step.id, (s) => ({ ...s, policy: { ...s.policy, onFailure: value as OnFailure } })))}
      >
        <div className="stack choices">
          {CHOICES.map((choice) => (
            <Radio key={choice} value={choice} label={t(`chains.failure.${choice}`)} />
          ))}
        </div>
      </Radio.Group>
      <p className="meta">{t('chains.failure.about')}</p>
    </div>
  );
}
