import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { Route, Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Chain, ChainSaveRequest } from '../../bindings/wire';

const host = vi.hoisted(() => ({ save: (() => undefined) as (request: never) => unknown, found: undefined as unknown }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const call = (_: string, command: string, request: never) => {
    if (command === 'chain_export') return Promise.resolve(host.found);
    if (command === 'connection_list') return Promise.resolve({ total: 0, connections: [] });
    return command === 'chain_save' ? Promise.resolve().then(() => host.save(request)) : new Promise(() => undefined);
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { ProblemError } from '../../platform';
import { leaving } from '../../platform/leaving';
import { usePreferences } from '../../shell/preferences';
import ChainPage from './ChainPage';
import { emptyChain } from './document';
import { POLICY } from './fresh';
import { useUnsaved } from './unsaved';
import { UnsavedBanner } from './UnsavedBanner';

const chain: Chain = { ...emptyChain('Tell them'), steps: [{ id: 'wait', logic: { type: 'wait', seconds: 1 }, policy: POLICY }] };
const full = () => {
  throw new ProblemError({ code: 'STORAGE_FULL', title: 'The disk is full', hint: 'Make room.' });
};
const works = (request: ChainSaveRequest) => ({ id: 'c1', version: 2, name: request.chain.name, matched: [], findings: [], chain: request.chain });

beforeEach(() => {
  usePreferences.setState({ chainView: 'list' });
  useUnsaved.setState({ left: [] });
  host.found = { id: 'c1', version: 1, chain };
});
afterEach(cleanup);

/** The frame with the chains and one of them. */
function open() {
  const { hook, navigate } = memoryLocation({ path: '/chains/c1' });
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <Router hook={hook}>
          <UnsavedBanner />
          <Route path="/chains/:chain/:what?/:step?" component={ChainPage} />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return (to: string) => act(() => navigate(to));
}

/** Gives the chain another name. */
async function rename(name: string) {
  await screen.findByRole('heading', { level: 1, name: 'Tell them' });
  fireEvent.click(screen.getByRole('button', { name: 'Rename' }));
  // Without a layout the popover counts as out of sight.
  const field = await screen.findByLabelText('Name of the chain');
  fireEvent.change(field, { target: { value: name } });
  fireEvent.submit(field);
}

const mayUnload = () => window.dispatchEvent(new Event('beforeunload', { cancelable: true }));

it('what could not be kept is said on every page, and is there when the chain is opened again', async () => {
  host.save = full;
  const go = open();
  await screen.findByRole('heading', { level: 1, name: 'Tell them' });
  expect(mayUnload(), 'nothing would be lost').toBe(true);
  await rename('Tell all of them');
  await screen.findByText('Not saved');
  expect(screen.queryByTestId('unsaved-banner'), 'the chain itself says it').toBeNull();
  expect(mayUnload()).toBe(false);

  go('/connections');
  expect((await screen.findByTestId('unsaved-banner')).textContent).toContain('Changes to “Tell all of them” are not saved. The disk is full.');
  expect(mayUnload(), 'also where the chain is not open').toBe(false);

  fireEvent.click(screen.getByRole('button', { name: 'Open the chain' }));
  await screen.findByRole('heading', { level: 1, name: 'Tell all of them' });
  await screen.findByText('The disk is full');

  go('/connections');
  await screen.findByTestId('unsaved-banner');
  host.save = works as typeof host.save;
  fireEvent.click(screen.getByRole('button', { name: 'Open the chain' }));
  await screen.findByText('Saved');
  screen.getByRole('heading', { level: 1, name: 'Tell all of them' });
  go('/connections');
  expect(screen.queryByTestId('unsaved-banner')).toBeNull();
  expect(mayUnload()).toBe(true);
});

it('what could not be kept is let go of only after a question', async () => {
  host.save = full;
  const go = open();
  await rename('Tell all of them');
  await screen.findByText('Not saved');
  go('/connections');
  fireEvent.click(await screen.findByRole('button', { name: 'Discard them' }));
  screen.getByTestId('unsaved-banner');
  fireEvent.click(screen.getByRole('button', { name: 'Discard what was changed?' }));
  expect(screen.queryByTestId('unsaved-banner')).toBeNull();
  go('/chains/c1');
  await screen.findByRole('heading', { level: 1, name: 'Tell them' });
});

it('a chain that is left is held until it is kept, and named once', async () => {
  const done: ((kept: unknown) => void)[] = [];
  host.save = (request: ChainSaveRequest) => new Promise((resolve) => done.push(() => resolve(works(request))));
  const go = open();
  await rename('Tell all of them');
  go('/connections');
  expect(leaving(1).left, 'it is being kept').toEqual(['Tell all of them']);
  await vi.waitFor(() => expect(done).toHaveLength(1));
  done[0]?.(undefined);
  await vi.waitFor(() => expect(leaving(1).left).toEqual([]));

  host.save = full;
  go('/chains/c1');
  await rename('Tell nobody');
  go('/connections');
  await screen.findByTestId('unsaved-banner');
  go('/chains/c1');
  await screen.findByText('Not saved');
  expect(leaving(2).left, 'by the page on which it is open').toEqual(['Tell nobody']);
});
