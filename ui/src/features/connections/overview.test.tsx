import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

import type { ConnectionView } from '../../bindings/wire';

const host = vi.hoisted(() => ({ events: 0, done: [] as string[] }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const call = (_: string, command: string) => {
    host.done.push(command);
    if (command === 'connection_history')
      return Promise.resolve({ entries: Array.from({ length: host.events }, (_unused, n) => ({ at: '2026-11-20T12:00:00Z', what: 'sync', ok: true, count: n + 1, stream: null, problem: null })) });
    if (command === 'chain_list') return Promise.resolve({ chains: [] });
    if (command === 'secrets_status') return Promise.resolve({ secrets: [] });
    if (command === 'connection_rename') return Promise.resolve({ ...connection, name: 'Other' });
    if (command === 'connection_disconnect') return Promise.resolve({});
    return new Promise(() => undefined);
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { useToasts } from '../../ui/toasts/toast';
import { ConnectionTable } from './ConnectionTable';
import { Dialogs } from './dialogs';
import { OverviewTab } from './OverviewTab';
import { useDetailTab } from './tabs';

const connection = {
  id: 'c', name: 'Tracker', connector: 'tracker', connectorVersion: '1.0.0', state: 'connected', paused: false, auth: null, account: null, config: {}, origins: [], scopes: [],
  signals: 1_204, signalsDay: 37, callsOk: 8, callsFailed: 0, lastTestedAt: null, lastConnectedAt: null, lastSyncAt: null, nextSyncAt: null, lastError: null, createdAt: '2026-11-01T12:00:00Z',
} as unknown as ConnectionView;
const nothing = () => undefined;

function show(what: 'page' | 'list') {
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        {what === 'page' ? <OverviewTab connection={connection} tool={undefined} onAsk={nothing} onSetUp={nothing} /> : <ConnectionTable shown={[connection]} tools={new Map()} onAsk={nothing} />}
      </QueryClientProvider>
    </MantineProvider>,
  );
}

afterEach(() => {
  cleanup();
  useDetailTab.setState({ tab: 'overview' });
});

it('the page of a connection tells what happened last, and where all of it is', async () => {
  host.events = 8;
  show('page');
  const recent = within(await screen.findByRole('region', { name: 'What happened last' }));
  const lines = await recent.findAllByRole('listitem');
  expect(lines.map((line) => line.textContent?.match(/\d+ new/)?.[0])).toEqual([1, 2, 3, 4, 5].map((n) => `${n} new`));
  fireEvent.click(recent.getByRole('button', { name: 'All of its history' }));
  expect(useDetailTab.getState().tab).toBe('history');
});

it('a connection that nothing happened to says so, and offers no more of it', async () => {
  host.events = 0;
  show('page');
  const recent = within(await screen.findByRole('region', { name: 'What happened last' }));
  await recent.findByText(/Nothing/);
  expect(recent.queryByRole('button')).toBeNull();
});

it.each(['page', 'list'] as const)('the %s tells the signals of a day, and how many are kept', (what) => {
  show(what);
  expect(screen.getByText('37')).toBeTruthy();
  const kept = what === 'page' ? screen.getByText(/1,204 kept/) : screen.getByTitle(/1,204 signals are kept/);
  expect(kept).toBeTruthy();
});

it('what was done to a connection is said, and nothing else', async () => {
  const dialog = (what: 'rename' | 'disconnect') =>
    render(
      <MantineProvider>
        <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
          <Dialogs asked={{ what, connection }} tool={undefined} onClose={nothing} />
        </QueryClientProvider>
      </MantineProvider>,
    );
  useToasts.setState({ said: '', count: 0 });
  dialog('rename');
  fireEvent.change(await screen.findByRole('textbox'), { target: { value: 'Other' } });
  fireEvent.click(screen.getByRole('button', { name: 'Rename' }));
  await vi.waitFor(() => expect(host.done).toContain('connection_rename'));
  expect(useToasts.getState()).toEqual({ said: '', count: 0 });
  cleanup();
  dialog('disconnect');
  fireEvent.click(await screen.findByRole('button', { name: 'Disconnect' }));
  await vi.waitFor(() => expect(useToasts.getState().said).toBe('Tracker is disconnected. Its credentials are deleted.'));
});
