import { useMemo } from 'react';

import type { RunView } from '../../bindings/wire';
import { useRead } from '../../engine';

/** What chains are called, by identifier: those that are there, and those of these runs that are gone since. */
export function useChainNames(runs: RunView[]): Map<string, string> {
  const chains = useRead('chain_list', {}).data?.chains;
  return useMemo(() => new Map([...runs.map((run) => [run.chainId, run.chain] as const), ...(chains ?? []).map((chain) => [chain.id, chain.name] as const)]), [runs, chains]);
}
