// Runs that are asked for once more, by what they run. Pure.
import type { RunView } from '../../../bindings/wire';

/** Runs of one version of a chain. */
export interface Group {
  chain: string;
  version: number;
  /** The newest of them: its check says what each of them does. */
  newest: string;
  count: number;
}

/** The runs by chain and version, in the order in which they come. */
export function groups(runs: RunView[]): Group[] {
  const found = new Map<string, Group>();
  for (const run of runs) {
    const key = `${run.chainId} ${run.chainVersion}`;
    const group = found.get(key);
    if (group) group.count += 1;
    else found.set(key, { chain: run.chain, version: run.chainVersion, newest: run.id, count: 1 });
  }
  return [...found.values()];
}
