import type { InvalidateQueryFilters, QueryClient } from '@tanstack/react-query';

/**
 * Reads again what a change has touched. A first read that is still under way may have been answered before
 * the change, and the library would take that answer for a new one: it is read once more after it.
 */
export function readAgain(client: QueryClient, filters: InvalidateQueryFilters = {}): void {
  const early = client.getQueryCache().findAll(filters).filter((query) => query.state.fetchStatus !== 'idle' && query.state.data === undefined);
  void client.invalidateQueries(filters);
  for (const query of early) {
    // The read that is under way, not another one.
    const over = query.promise ?? Promise.resolve();
    void over.catch(() => undefined).then(() => client.invalidateQueries({ queryKey: query.queryKey, exact: true }));
  }
}
