import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, expect, it, vi } from 'vitest';

const host = vi.hoisted(() => ({ remove: (() => undefined) as () => unknown }));
vi.mock('../../../platform', async (original) => {
  const real = await original<typeof import('../../../platform')>();
  return { ...real, platform: { ...real.platform, call: () => Promise.resolve().then(() => host.remove()) } };
});

import { ProblemError } from '../../../platform';
import { More } from './More';

afterEach(cleanup);

it('says why a chain was not deleted, and lets go of it only when it was', async () => {
  const { hook, history } = memoryLocation({ path: '/chains/c1', record: true });
  const gone = vi.fn();
  const none = () => undefined;
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <Router hook={hook}>
          <More id="c1" name="Tell them" view="list" setView={none} onShare={none} onFigures={none} onDeleted={gone} onTrial={none} onAdd={none} />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
  host.remove = () => {
    throw new ProblemError({ code: 'CONFLICT', title: 'It is running', hint: 'Stop it first.' });
  };
  fireEvent.click(screen.getByRole('button', { name: 'More' }));
  fireEvent.click(await screen.findByText('Delete chain'));
  fireEvent.click(screen.getByText(/^Delete “Tell them”/));
  await screen.findByText('It is running');
  expect([gone.mock.calls.length, history.at(-1)]).toEqual([0, '/chains/c1']);
  host.remove = () => ({ name: 'Tell them' });
  fireEvent.click(screen.getByText(/^Delete “Tell them”/));
  await vi.waitFor(() => expect([gone.mock.calls.length, history.at(-1)]).toEqual([1, '/chains']));
});
