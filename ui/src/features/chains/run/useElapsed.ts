import type { RunReport } from '../../../bindings/wire';
import { useNow } from '../../../ui/useNow';
import { durationMs, isActive } from '../../runs/figures';

/** How long a run has taken so far, or took, in milliseconds; nothing before it began. */
export function useElapsed(run: RunReport): number | undefined {
  const now = useNow(isActive(run) ? 1_000 : undefined).getTime();
  return durationMs(run.startedAt, run.finishedAt, now);
}
