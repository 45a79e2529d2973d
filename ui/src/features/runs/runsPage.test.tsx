import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { RunState, RunView } from '../../bindings/wire';

const host = vi.hoisted(() => ({ runs: [] as unknown[], deleted: [] as unknown[] }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const call = (_: string, command: string, request: { runs: string[] }) => {
    if (command === 'run_list') return Promise.resolve({ total: host.runs.length, runs: host.runs });
    if (command !== 'run_delete') return new Promise(() => undefined);
    host.deleted.push(request);
    return Promise.resolve({ deleted: request.runs.length });
  };
  return { ...real, platform: { ...real.platform, call } };
});

import RunsPage from './RunsPage';
import { chooseOnly, clearFilter, useRunsView } from './view';

const run = (id: string, state: RunState, hoursAgo = 1): RunView => ({
  id, chainId: 'c', chain: 'Chain', chainVersion: 1, state, interrupted: false, dryRun: false, origin: 'by_hand', createdAt: new Date(Date.now() - hoursAgo * 3_600_000).toISOString(), finishedAt: null,
});

beforeEach(() => {
  host.runs = [run('03', 'failed'), run('02', 'done'), run('01', 'failed', 30)];
  host.deleted = [];
  clearFilter();
  chooseOnly([]);
});
afterEach(cleanup);

const open = () =>
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <Router hook={memoryLocation({ path: '/runs' }).hook}>
          <RunsPage />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );

it('deletes only what is selected and shown', async () => {
  open();
  await screen.findByRole('switch', { name: 'Failed only' });
  act(() => chooseOnly(['03', '02']));
  screen.getByText('2 selected');
  fireEvent.click(screen.getByRole('button', { name: 'Delete' }));
  screen.getByRole('button', { name: /^Delete 2 runs/ });
  fireEvent.click(screen.getByRole('switch', { name: 'Failed only' }));
  screen.getByText('1 selected');
  fireEvent.click(screen.getByRole('button', { name: 'Delete' }));
  expect(host.deleted, 'what was asked about was something else').toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: /^Delete it/ }));
  await vi.waitFor(() => expect(host.deleted).toEqual([{ runs: ['03'] }]));
});

it('lets go of what is selected with Escape, from a row too', async () => {
  open();
  await screen.findByRole('switch', { name: 'Failed only' });
  act(() => chooseOnly(['03', '02']));
  fireEvent.keyDown(screen.getByRole('checkbox', { name: 'Select all that are shown' }), { key: 'Escape' });
  expect(useRunsView.getState().chosen.size).toBe(0);
});

it('shows what failed in the last day with one press', async () => {
  open();
  fireEvent.click(await screen.findByRole('button', { name: 'Failed in the last day' }));
  await screen.findByText('1 of 3 runs');
  expect(useRunsView.getState()).toMatchObject({ failedOnly: true, within: 'day', state: undefined, chain: undefined });
});
