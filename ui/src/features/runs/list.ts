// Which runs the list shows, in which order.
import type { RunListResponse, RunView } from '../../bindings/wire';
import { isFailed } from './figures';
import { WITHIN, type RunFilter } from './view';

/** The newest runs and older pages as one list, newest first, each once; the newest answer counts. */
export function mergeRuns(head: RunListResponse | undefined, pages: readonly RunListResponse[]): RunView[] {
  const runs = new Map<string, RunView>();
  for (const page of pages) for (const run of page.runs) runs.set(run.id, run);
  for (const run of head?.runs ?? []) runs.set(run.id, run);
  // Identifiers begin with the time (UUID version 7).
  return [...runs.values()].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
}

/** Whether a run is in what was asked for. */
export const matches = (run: RunView, filter: RunFilter, now: number): boolean =>
  (filter.state === undefined || run.state === filter.state) &&
  (filter.chain === undefined || run.chainId === filter.chain) &&
  (!filter.failedOnly || isFailed(run.state)) &&
  (filter.within === undefined || now - Date.parse(run.createdAt) <= WITHIN[filter.within]);

/** The rows, and how many newer ones wait while the list is scrolled. */
export function rowsOf(runs: readonly RunView[], filter: RunFilter, held: string | undefined, now: number): { rows: RunView[]; fresh: number } {
  const cut = held === undefined ? -1 : runs.findIndex((run) => run.id === held);
  const shown = cut > 0 ? runs.slice(cut) : runs;
  const fresh = cut > 0 ? runs.slice(0, cut).filter((run) => matches(run, filter, now)).length : 0;
  return { rows: shown.filter((run) => matches(run, filter, now)), fresh };
}
