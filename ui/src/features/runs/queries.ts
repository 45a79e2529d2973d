import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';

import { send, useRead, useWorkspace } from '../../engine';
import { isFinal } from './figures';
import { mergeRuns } from './list';

/** The newest runs: read again at each event. */
const HEAD = 100;
/** Older runs come in pages of so many. */
const PAGE = 1_000;
/** Older pages with runs under way are read again so many milliseconds after the newest ones. */
const PAUSE_MS = 2_000;

/** Runs, newest first: the newest ones live, older ones page by page as they are wanted. */
export function useRuns() {
  const workspace = useWorkspace((state) => state.name);
  const head = useRead('run_list', { offset: 0, limit: HEAD });
  const total = head.data?.total ?? 0;
  const older = useInfiniteQuery({
    queryKey: ['run_pages', workspace],
    queryFn: ({ pageParam }) => send('run_list', { offset: pageParam, limit: PAGE }),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const read = pages.reduce((sum, page) => sum + page.runs.length, 0);
      return last.runs.length > 0 && read < last.total ? read : undefined;
    },
    enabled: total > HEAD,
  });
  const pages = useMemo(() => older.data?.pages ?? [], [older.data]);
  const runs = useMemo(() => mergeRuns(head.data, pages), [head.data, pages]);
  // So many came at once that some are in neither; or one of the older ones may have changed.
  const gap = pages[0] !== undefined && total - pages[0].total > HEAD;
  const open = runs.slice(HEAD).some((run) => !isFinal(run.state));
  const { refetch } = older;
  useEffect(() => {
    if (!gap && !open) return;
    const timer = setTimeout(() => void refetch({ cancelRefetch: false }), gap ? 0 : PAUSE_MS);
    return () => clearTimeout(timer);
  }, [gap, open, refetch, head.dataUpdatedAt]);
  return {
    head,
    runs,
    total: Math.max(total, runs.length),
    older: {
      more: older.hasNextPage && !older.isFetching && !older.isError,
      reading: older.isFetchingNextPage || (older.isPending && total > HEAD),
      error: older.isError ? older.error : undefined,
      next: () => void older.fetchNextPage(),
    },
  };
}
