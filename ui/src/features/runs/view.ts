import { create } from 'zustand';

import type { ChainId, RunId, RunState } from '../../bindings/wire';

/** What the list of runs is narrowed to. */
export interface RunFilter {
  state: RunState | undefined;
  chain: ChainId | undefined;
  failedOnly: boolean;
  /** Only those of the last while. */
  within: Within | undefined;
}

/** A while up to now. */
export type Within = 'hour' | 'day' | 'week';
export const WITHIN: Record<Within, number> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 };

interface RunsView extends RunFilter {
  /** How far it was scrolled. */
  top: number;
  /** The newest run that is shown while the list is scrolled; later ones wait. */
  held: RunId | undefined;
  /** The runs that were selected. */
  chosen: ReadonlySet<RunId>;
}

/** Survives going to a run and back. */
export const useRunsView = create<RunsView>(() => ({ state: undefined, chain: undefined, failedOnly: false, within: undefined, top: 0, held: undefined, chosen: new Set() }));

/** What went wrong since yesterday: what is looked for most. */
export const FAILED_LATELY: RunFilter = { state: undefined, chain: undefined, failedOnly: true, within: 'day' };

/** Nothing is narrowed. */
export const clearFilter = () => useRunsView.setState({ state: undefined, chain: undefined, failedOnly: false, within: undefined });

/** Selects a run, or lets go of it. */
export const choose = (id: RunId, on: boolean) =>
  useRunsView.setState(({ chosen }) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    return { chosen: next };
  });

/** Selects these and no others. */
export const chooseOnly = (ids: Iterable<RunId>) => useRunsView.setState({ chosen: new Set(ids) });
