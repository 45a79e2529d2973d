import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { Route, Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const host = vi.hoisted(() => ({ marks: [] as unknown[], kinds: 0 }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const signal = (id: number) => ({ id, externalId: String(id), stream: 'issues', unread: false, archived: false, summary: `Issue ${id}`, connection: 'c', connector: 'tracker', connectionName: 'Tracker', signalType: 'issue', timestamp: '2026-11-20T12:00:00Z', priority: 'low' });
  const call = (_: string, command: string, request: unknown) => {
    if (command === 'signal_search') return Promise.resolve({ signals: [signal(1), signal(2), signal(3)], matching: 3, unread: 0, moreThanCounted: false });
    if (command === 'signal_kinds_list') return Promise.resolve({ saved: [], kinds: Array.from({ length: host.kinds }, (_unused, n) => ({ connection: `c${n}`, connectionName: `Tracker ${n}`, signalType: 'issue', count: 1 })) });
    if (command === 'catalogue_list') return Promise.resolve({ connectors: [] });
    if (command !== 'signal_mark') return new Promise(() => undefined);
    host.marks.push(request);
    return Promise.resolve({});
  };
  return { ...real, platform: { ...real.platform, call } };
});

import InboxPage from './InboxPage';
import { clearInbox, useInboxView } from './view';

beforeEach(() => {
  Object.assign(host, { marks: [], kinds: 0 });
  clearInbox();
});
afterEach(cleanup);

function open(path: string) {
  const { hook, history } = memoryLocation({ path, record: true });
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <Router hook={hook}>
          <Route path="/inbox/:signal?" component={InboxPage} />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return history;
}

it('the keys of the inbox work under Caps Lock too', async () => {
  const history = open('/inbox/2');
  const list = await screen.findByRole('list', { name: 'Signals' });
  fireEvent.keyDown(list, { key: 'J' });
  expect(history.at(-1)).toBe('/inbox/3');
  fireEvent.keyDown(list, { key: 'K' });
  expect(history.at(-1)).toBe('/inbox/2');
  fireEvent.keyDown(list, { key: 'U' });
  fireEvent.keyDown(list, { key: 'U', shiftKey: true });
  fireEvent.keyDown(list, { key: 'E' });
  await vi.waitFor(() => expect(host.marks).toEqual([{ ids: [2], unread: true }, { ids: [2], archived: true }]));
});

it('every connection can be filtered by, and one that is chosen is in sight', async () => {
  host.kinds = 40;
  useInboxView.setState({ connections: ['c39'] });
  open('/inbox');
  const group = await screen.findByRole('group', { name: 'Connections' });
  expect(within(group).getAllByRole('checkbox')).toHaveLength(31);
  expect(within(group).getByRole<HTMLInputElement>('checkbox', { name: /^Tracker 39/ }).checked).toBe(true);
  fireEvent.click(within(group).getByRole('button', { name: 'Show all 40' }));
  expect(within(group).getAllByRole('checkbox')).toHaveLength(40);
  fireEvent.click(within(group).getByRole('button', { name: 'Show fewer' }));
  expect(within(group).getAllByRole('checkbox')).toHaveLength(31);
});
