import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useCallback, useSyncExternalStore } from 'react';

import { useEngineState } from './events';

const shown = (client: QueryClient) => client.getQueryCache().findAll({ type: 'active' }).filter((query) => query.state.data !== undefined);
const unread = (client: QueryClient) => shown(client).filter((query) => query.state.status === 'error');

/** What is read again: what could not be read, else everything that is shown. */
const again = (client: QueryClient) => (unread(client).length > 0 ? unread(client) : shown(client));

/**
 * Since when what is shown may not be true any more, in milliseconds since 1970; none where it is. What is
 * shown is old where it could not be read again, or where the engine tells of no change.
 */
export function staleSince(client: QueryClient, broken: boolean): number | undefined {
  const old = unread(client);
  if (old.length > 0) return Math.min(...old.map((query) => query.state.dataUpdatedAt));
  // What was read last was right then, and so was everything else.
  return broken ? Math.max(0, ...shown(client).map((query) => query.state.dataUpdatedAt)) || undefined : undefined;
}

/** The same for the page, with a way to read it again. */
export function useStale(): { since: number; readAgain: () => void } | undefined {
  const client = useQueryClient();
  const broken = useEngineState((state) => state.broken);
  const subscribe = useCallback((changed: () => void) => client.getQueryCache().subscribe(changed), [client]);
  const since = useSyncExternalStore(subscribe, () => staleSince(client, broken));
  return since === undefined ? undefined : { since, readAgain: () => again(client).forEach((query) => void query.fetch().catch(() => undefined)) };
}
