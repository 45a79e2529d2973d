import { Check } from 'lucide-react';
import type { ReactNode } from 'react';

import { t } from '../../lib/words';

/** The steps of connecting. */
export const STEPS = ['signIn', 'setUp', 'test', 'done'] as const;
/** One of them. */
export type Step = (typeof STEPS)[number];

/** The steps as a line: what is done, where we are, what comes. */
export function Steps({ steps, step, over }: { steps: readonly Step[]; step: Step; over: boolean }) {
  const at = over ? steps.length : steps.indexOf(step);
  return (
    <ol className="cw-steps" aria-label={t('connect.steps')}>
      {steps.map((name, index): ReactNode => {
        const word = t(`connect.step.${name}`);
        return (
          <li key={name} className={index < at ? 'past' : index === at ? 'now' : undefined} aria-current={index === at ? 'step' : undefined}>
            <span className="cw-number" aria-hidden>
              {index < at ? <Check size={15} strokeWidth={3} /> : index + 1}
            </span>
            <span aria-label={index < at ? t('connect.stepDone', { name: word }) : undefined}>{word}</span>
          </li>
        );
      })}
    </ol>
  );
}
