import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, expect, it, vi } from 'vitest';

vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  return { ...real, platform: { ...real.platform, call: () => Promise.resolve({ chain: 'chain-1', connections: [] }) } };
});

import { sandboxChain, useSandbox, type AfterSandbox } from './sandbox';

afterEach(() => {
  cleanup();
  localStorage.clear();
});

it.each<[AfterSandbox, string]>([
  ['chain', '/chains/chain-1/try'],
  ['connections', '/connections'],
  ['stay', '/catalogue/sandbox-chat'],
])('starting the sandbox remembers its chain wherever it was asked for, and then shows %s', async (after, place) => {
  const { hook, history } = memoryLocation({ path: '/catalogue/sandbox-chat', record: true });
  const client = new QueryClient();
  const touched: unknown[] = [];
  vi.spyOn(client, 'invalidateQueries').mockImplementation((filters) => Promise.resolve(void touched.push(filters?.queryKey?.[0])));
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>
      <Router hook={hook}>{children}</Router>
    </QueryClientProvider>
  );
  const closed = vi.fn();
  const { result } = renderHook(() => useSandbox(after, closed), { wrapper });
  await result.current.mutateAsync({});
  expect(sandboxChain()).toBe('chain-1');
  expect(closed).toHaveBeenCalledOnce();
  expect(history.at(-1)).toBe(place);
  expect(touched).toEqual(expect.arrayContaining(['connection_list', 'chain_list', 'catalogue_list', 'sandbox_show', 'health_overview']));
});
