import { createContext, use, useMemo } from 'react';

import type { RunReport } from '../../../bindings/wire';
import type { PrivateField } from '../../chains/data/private';
import { useTools } from '../../chains/useTools';

/** The private fields of a run's steps; undefined until they are known, and where nobody says: then nothing is shown. */
export const PrivateFields = createContext<readonly PrivateField[] | undefined>(undefined);

/** The private fields of what is shown of a run; undefined until they are known. */
export const usePrivateFields = () => use(PrivateFields);

/** What the operations of a run's steps say is private, and what of their connectors comes in by itself: any of it may have started the run. */
export function usePrivatesOf({ steps }: RunReport): readonly PrivateField[] | undefined {
  const tools = useTools();
  // A report is read again while it runs: its steps stay the same.
  const called = JSON.stringify(steps.map(({ connection, operation }) => ({ connection, operation })));
  return useMemo(() => {
    if (!tools.settled) return undefined;
    const own = JSON.parse(called) as { connection: string; operation: string }[];
    return own.map(tools.of).flatMap(({ operation, connector }) => [
      ...(operation?.private ?? []),
      ...(connector?.streams ?? []).flatMap((stream) => stream.private),
    ]);
  }, [tools, called]);
}
