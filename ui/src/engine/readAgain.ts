import type { InvalidateQueryFilters, QueryClient } from '@tanstack/react-query';

/**
 * Reads again what a change has touched. A read that is still under way may have been answered before the
 * change: it is let through, so that a stream of changes does not keep everything from the screen, and read
 * once more after it.
 */
export function readAgain(client: QueryClient, filters: InvalidateQueryFilters = {}): void {
  const early = client.getQueryCache().findAll(filters).filter((query) => query.state.fetchStatus !== 'idle');
  void client.invalidateQueries(filters, { cancelRefetch: false });
  for (const query of early) {
    // The read that is under way, not another one.
    const over = query.promise ?? Promise.resolve();
    void over.catch(() => undefined).then(() => client.invalidateQueries({ queryKey: query.queryKey, exact: true }, { cancelRefetch: false }));
  }
}
