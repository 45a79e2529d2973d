import type { ItemData, RunDataResponse } from '../../../bindings/wire';
import { useRead } from '../../../engine';

/** As many as come in one answer. */
const PAGE = 200;

/** One item of a step of a run, of however many, and what of it is private; nothing while it is read. */
export function useItem(run: string, step: string, item: number): { item: ItemData; of: RunDataResponse } | undefined {
  const there = useRead('run_data', { run, step, offset: item, limit: 1 });
  const here = there.data?.items.find((own) => own.item === item);
  // The step did not come to all of those before: it stands somewhat further up.
  const above = useRead('run_data', { run, step, offset: Math.max(item - PAGE + 1, 0), limit: PAGE }, { enabled: there.isSuccess && !here });
  const of = here ? there.data : above.data;
  const found = here ?? above.data?.items.find((own) => own.item === item);
  return of && found && { item: found, of };
}
