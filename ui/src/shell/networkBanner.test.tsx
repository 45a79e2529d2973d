import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, expect, it, vi } from 'vitest';

import type { AppEvent, Problem } from '../bindings/wire';

const problem = { code: 'NETWORK_UNREADABLE', title: 'The network settings cannot be read', hint: 'Nothing is sent.', fix: { label: 'Network settings', action: 'network_settings' }, retry: 'wait' } as unknown as Problem;
const host = vi.hoisted(() => ({ network: undefined as unknown, tell: (() => undefined) as (message: unknown) => void }));

vi.mock('../platform', async (original) => ({
  ...(await original<object>()),
  platform: {
    call: () => Promise.resolve({ seq: 1, storage: [], network: host.network }),
    listen: ({ message }: { message: (message: unknown) => void }) => {
      host.tell = message;
      return () => undefined;
    },
  },
}));

import { followEvents } from '../engine';
import { NetworkBanner } from './NetworkBanner';

afterEach(cleanup);

it('says on every page that nothing goes out, leads to where that is mended, and goes when it is', async () => {
  host.network = problem;
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const { hook, history } = memoryLocation({ path: '/chains', record: true });
  const stop = followEvents(client);
  render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <Router hook={hook}>
          <NetworkBanner />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
  act(() => host.tell({ seq: 1 }));
  expect((await screen.findByTestId('network-banner')).textContent).toContain('The network settings cannot be read. Nothing is sent.');
  fireEvent.click(screen.getByRole('button', { name: 'Network settings' }));
  expect(history.at(-1)).toBe('/settings/network');
  await vi.waitFor(() => expect(client.isFetching()).toBe(0));
  host.network = null;
  const event: AppEvent = { seq: 2, workspace: '', event: 'network_changed' };
  act(() => host.tell([event]));
  await vi.waitFor(() => expect(screen.queryByTestId('network-banner')).toBeNull());
  stop();
});
