import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { ListPlace, SignalFilter } from '../../bindings/wire';
import type { Listener } from '../../platform';

const host = vi.hoisted(() => ({ items: [] as number[], versions: new Map<number, number>(), reads: [] as (number | null)[], listener: undefined as Listener | undefined }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const call = (_: string, command: string, { after }: { after: ListPlace | null }) => {
    if (command !== 'signal_search') return Promise.reject(new Error(command));
    host.reads.push(after?.id ?? null);
    const from = after === null ? 0 : host.items.indexOf(after.id) + 1;
    const signals = host.items.slice(from, from + 100).map((id) => ({ id, externalId: String(host.versions.get(id) ?? id), connection: 'c', stream: 's', timestamp: '2026-11-20T12:00:00Z' }));
    return Promise.resolve({ signals, matching: after === null ? Math.min(host.items.length, 1_000) : null, unread: 0, moreThanCounted: after === null && host.items.length >= 1_000 });
  };
  const listen = (listener: Listener) => {
    host.listener = listener;
    return () => undefined;
  };
  return { ...real, platform: { ...real.platform, call, listen } };
});

import { followEvents } from '../../engine';
import { useSignals } from './queries';

const FILTER = {} as SignalFilter;
function List() {
  const { read, signals } = useSignals(FILTER);
  return (
    <>
      <button type="button" onClick={() => void read.fetchNextPage()}>
        More
      </button>
      <output>{signals.map(({ id }) => id).join(' ')}</output>
    </>
  );
}

const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, n) => from - n);
const shown = () => (screen.getByRole('status').textContent ?? '').split(' ').map(Number);
let seq = 0;

/** The list with two pages of it, and what was read since. */
async function open(most: number) {
  host.items = down(most, 1);
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 30_000 } } });
  followEvents(client);
  seq += 1;
  host.listener?.message({ seq });
  render(
    <QueryClientProvider client={client}>
      <List />
    </QueryClientProvider>,
  );
  await vi.waitFor(() => expect(shown()).toHaveLength(100));
  screen.getByRole('button').click();
  await vi.waitFor(() => expect(shown()).toHaveLength(200));
  host.reads.length = 0;
}

/** These come in, the latest first. */
async function arrive(...ids: number[]) {
  host.items = [...ids, ...host.items];
  seq += 1;
  await act(async () => {
    host.listener?.message([{ seq, workspace: 'default', event: 'signals_arrived', connection: 'c' } as never]);
    await Promise.resolve();
  });
}

beforeEach(() => {
  Object.assign(host, { items: [], reads: [] });
  host.versions.clear();
});
afterEach(cleanup);

it('what comes in reads the newest page again, and no other', async () => {
  await open(300);
  await arrive(302, 301);
  await vi.waitFor(() => expect(shown()).toEqual(down(302, 101)));
  expect(host.reads).toEqual([null]);
});

it('what came in stays while older pages are added', async () => {
  await open(400);
  await arrive(403, 402, 401);
  await vi.waitFor(() => expect(shown()).toEqual(down(403, 201)));
  screen.getByRole('button').click();
  await vi.waitFor(() => expect(shown()).toEqual(down(403, 101)));
  expect(host.reads, 'the newest page, and the one that was added').toEqual([null, 201]);
});

it('more than a page at once leaves nothing out', async () => {
  await open(300);
  await arrive(...down(450, 301));
  await vi.waitFor(() => expect(shown()).toEqual(down(450, 251)));
  expect(host.reads.length, 'all pages that were there').toBe(3);
});

it('what does not stand at the beginning is found too, once', async () => {
  await open(300);
  host.items.splice(150, 0, 999);
  await arrive();
  await vi.waitFor(() => expect(shown()).toContain(999));
  expect(host.reads).toHaveLength(3);
});

it('a new version stands for the one before, also where nobody counts', async () => {
  await open(1_500);
  host.versions.set(1_501, 1_350);
  host.items = host.items.filter((id) => id !== 1_350);
  await arrive(1_501);
  await vi.waitFor(() => expect(shown()).toContain(1_501));
  expect(shown()).not.toContain(1_350);
  expect(host.reads).toEqual([null]);
});
