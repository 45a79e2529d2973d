import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

const host = vi.hoisted(() => ({ late: undefined as ((refused?: boolean) => void) | undefined }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const chain = { id: 'c', name: 'Tell them', steps: [], connections: [], trigger: { type: 'manual' }, starts: '', version: 1, published: null, on: false, lastRun: null, lastRunAt: null, endedWell: 0, ended: 0 };
  const template = { id: 't', document: {}, preview: { name: 'Issues to chat', description: 'Says what is new.', placeholders: [] } };
  const call = (_: string, command: string) => {
    if (command === 'chain_list') return Promise.resolve({ chains: [chain] });
    if (command === 'catalogue_list') return Promise.resolve({ connectors: [] });
    if (command !== 'template_list') return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      host.late = (refused) => (refused ? reject(new Error('no')) : resolve({ templates: [template] }));
    });
  };
  return { ...real, platform: { ...real.platform, call } };
});

import ChainsPage from './ChainsPage';

afterEach(cleanup);

const open = () =>
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <ChainsPage />
      </QueryClientProvider>
    </MantineProvider>,
  );

it('shows chains once what stands above them is there, and nothing moves', async () => {
  open();
  await vi.waitFor(() => expect(host.late, 'asked for without waiting for the chains').toBeDefined());
  // The page's own search says that the chains were read.
  await screen.findByLabelText('Search chains');
  expect(screen.queryByText('Tell them')).toBeNull();
  host.late?.();
  expect(await screen.findByText('Issues to chat')).toBeTruthy();
  expect(screen.getByText('Tell them')).toBeTruthy();
});

it('shows chains where there is nothing to begin with', async () => {
  open();
  await screen.findByLabelText('Search chains');
  host.late?.(true);
  expect(await screen.findByText('Tell them')).toBeTruthy();
});
