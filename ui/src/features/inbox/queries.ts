import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import type { ListPlace, SignalFilter, SignalView } from '../../bindings/wire';
import { send, useWorkspace } from '../../engine';

/** Signals of one page of the list. */
const PAGE = 100;

/** Signals, the latest first, page by page as they are wanted. */
export function useSignals(filter: SignalFilter) {
  const workspace = useWorkspace((state) => state.name);
  const read = useInfiniteQuery({
    queryKey: ['signal_search', workspace, filter],
    queryFn: ({ pageParam }) => send('signal_search', { filter, after: pageParam, limit: PAGE }),
    initialPageParam: null as ListPlace | null,
    getNextPageParam: (last) => {
      const end = last.signals.length === PAGE ? last.signals.at(-1) : undefined;
      return end && { id: end.id, timestamp: end.timestamp };
    },
  });
  const pages = read.data?.pages;
  const signals = useMemo(() => {
    // What came in between two pages moves the others: none is shown twice.
    const seen = new Map<number, SignalView>();
    for (const page of pages ?? []) for (const signal of page.signals) if (!seen.has(signal.id)) seen.set(signal.id, signal);
    return [...seen.values()];
  }, [pages]);
  return { read, signals, head: pages?.[0] };
}
