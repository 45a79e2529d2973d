import { create } from 'zustand';

import type { ChainId, RunId, RunState } from '../../bindings/wire';

/** What the list of runs is narrowed to. */
export interface RunFilter {
  state: RunState | undefined;
  chain: ChainId | undefined;
  failedOnly: boolean;
}

interface RunsView extends RunFilter {
  /** How far it was scrolled. */
  top: number;
  /** The newest run that is shown while the list is scrolled; later ones wait. */
  held: RunId | undefined;
}

/** Survives going to a run and back. */
export const useRunsView = create<RunsView>(() => ({ state: undefined, chain: undefined, failedOnly: false, top: 0, held: undefined }));

/** Nothing is narrowed. */
export const clearFilter = () => useRunsView.setState({ state: undefined, chain: undefined, failedOnly: false });
