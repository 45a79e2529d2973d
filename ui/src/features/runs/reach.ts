import type { RunReport } from '../../bindings/wire';
import { useRead } from '../../engine';
import { useNoReach } from '../../ui/reach';

/** Why nothing more can be done of a run now, in words: what it calls is out of reach. None where it can, or where that is not known. */
export function useRunReach(report: RunReport): string | undefined {
  const all = useRead('connection_list', { offset: 0, limit: 1_000 }).data?.connections;
  const names = new Set(report.connections.map((one) => one.connection));
  return useNoReach(all?.filter((one) => names.has(one.name)).flatMap((one) => one.origins));
}
