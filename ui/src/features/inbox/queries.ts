import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';

import type { ListPlace, SignalFilter, SignalSearchResponse, SignalView } from '../../bindings/wire';
import { send, useWorkspace } from '../../engine';

/** Signals of one page of the list. */
const PAGE = 100;

/** Signals, the latest first, page by page as they are wanted. What comes in reads the newest page alone again. */
export function useSignals(filter: SignalFilter) {
  const workspace = useWorkspace((state) => state.name);
  const client = useQueryClient();
  const newestKey = ['signals_newest', workspace, filter];
  const read = useInfiniteQuery({
    queryKey: ['signal_search', workspace, filter],
    queryFn: async ({ pageParam }) => {
      const page = await send('signal_search', { filter, after: pageParam, limit: PAGE });
      // The newest page is kept beside the others, so that a later one that is added says nothing of its age.
      if (pageParam === null) client.setQueryData(newestKey, page);
      return page;
    },
    initialPageParam: null as ListPlace | null,
    getNextPageParam: (last) => {
      const end = last.signals.length === PAGE ? last.signals.at(-1) : undefined;
      return end && { id: end.id, timestamp: end.timestamp };
    },
  });
  const pages = read.data?.pages;
  const newest = useQuery({
    queryKey: newestKey,
    queryFn: () => send('signal_search', { filter, after: null, limit: PAGE }),
    enabled: pages !== undefined,
    // At first it is what the list begins with; from then on an event says when.
    initialData: pages?.[0],
    staleTime: Infinity,
  });
  const before = pages?.[0];
  const head = before && (newest.data ?? before);
  const torn = head !== undefined && before !== undefined && isTorn(head, before);
  const { refetch } = read;
  useEffect(() => {
    if (torn) void refetch({ cancelRefetch: false });
  }, [torn, refetch]);
  const signals = useMemo(() => (head ? joined([head, ...(pages ?? [])]) : []), [head, pages]);
  return { read, signals, head };
}

/** Whether more has changed than what the newest page shows: then everything is read again. */
export function isTorn(head: SignalSearchResponse, before: SignalSearchResponse): boolean {
  if (head === before) return false;
  const known = new Set(before.signals.map(({ id }) => id));
  const fresh = head.signals.filter(({ id }) => !known.has(id)).length;
  if (fresh === PAGE) return true;
  // Past what is counted nobody knows, nor where none was.
  if (head.moreThanCounted || before.moreThanCounted || head.matching === null || before.matching === null) return false;
  return head.matching - before.matching !== fresh;
}

/** Pages as one list. What came in between two of them moves the others, and a new version stands for the one before: nothing is shown twice. */
export function joined(pages: SignalSearchResponse[]): SignalView[] {
  const seen = new Map<string, SignalView>();
  for (const page of pages) {
    for (const signal of page.signals) {
      const item = JSON.stringify([signal.connection, signal.stream, signal.externalId]);
      if (!seen.has(item)) seen.set(item, signal);
    }
  }
  return [...seen.values()];
}
