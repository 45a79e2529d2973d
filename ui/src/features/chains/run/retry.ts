import type { StepReport } from '../../../bindings/wire';
import { formatMs } from '../../../lib/format';
import { t } from '../../../lib/words';

/** When a step tries again. */
export interface Retry {
  /** The moment, as an RFC 3339 timestamp. */
  at: string;
  /** Which try that is, and of how many; not said of many items at once. */
  nth: { next: number; of: number } | undefined;
}

/** When a step tries again, of so many tries; nothing where it waits for none. */
export function retryOf(step: StepReport, tries: number): Retry | undefined {
  const at = step.state === 'retrying' ? step.problems.find((own) => own.problem.retryAt)?.problem.retryAt : undefined;
  return at ? { at, nth: step.itemsIn === 1 ? { next: Math.min(step.retries + 2, tries), of: tries } : undefined } : undefined;
}

/** "try 2 of 4, in 12 s": at `now`, in milliseconds. */
export function retryWords({ at, nth }: Retry, now: number): string {
  const time = formatMs(Math.max(1_000, Math.ceil((Date.parse(at) - now) / 1_000) * 1_000));
  return nth ? t('chains.live.retrying', { ...nth, time }) : t('chains.live.later', { time });
}
