import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, it } from 'vitest';

import { staleSince } from './stale';

it('what could not be read again is old since it was read, until it is read', async () => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  let works = true;
  const observer = new QueryObserver(client, { queryKey: ['chain_list'], queryFn: () => (works ? Promise.resolve('chains') : Promise.reject(new Error('away'))) });
  const stop = observer.subscribe(() => undefined);
  await observer.refetch();
  const read = observer.getCurrentResult().dataUpdatedAt;
  expect(staleSince(client, false)).toBeUndefined();
  expect(staleSince(client, true), 'an engine that is away tells of no change').toBe(read);
  works = false;
  await observer.refetch();
  expect(observer.getCurrentResult().data, 'saved data is shown').toBe('chains');
  expect(staleSince(client, false)).toBe(read);
  works = true;
  await observer.refetch();
  expect(staleSince(client, false)).toBeUndefined();
  stop();
});

it('what was never there, or what nobody looks at, is not old', async () => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const observer = new QueryObserver(client, { queryKey: ['run_list'], queryFn: () => Promise.reject(new Error('away')) });
  const stop = observer.subscribe(() => undefined);
  await observer.refetch();
  expect(staleSince(client, false), 'that is an error, and its region says so').toBeUndefined();
  expect(staleSince(client, true)).toBeUndefined();
  stop();
});
