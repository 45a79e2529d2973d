import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ComponentType } from 'react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, expect, it, vi } from 'vitest';

const host = vi.hoisted(() => ({ late: [] as (() => void)[] }));
vi.mock('../platform', async (original) => {
  const real = await original<typeof import('../platform')>();
  const ANSWERS: Record<string, unknown> = {
    chain_list: { chains: [{ id: 'c', name: 'Tell them', steps: [], connections: [], trigger: { type: 'manual' }, starts: '', version: 1, published: null, on: false, lastRun: null, lastRunAt: null, endedWell: 0, ended: 0 }] },
    connection_list: { total: 1, connections: [{ id: 'k', name: 'Work', connector: 'chat', state: 'connected', health: 'healthy', signals: 0, origins: [], streams: [] }] },
    audit_list: { acts: [], before: null },
    catalogue_list: { connectors: [] },
    template_list: { templates: [] },
  };
  // Data comes a moment after the page.
  const call = (_: string, command: string) => new Promise((resolve) => command in ANSWERS && host.late.push(() => resolve(ANSWERS[command])));
  return { ...real, platform: { ...real.platform, call } };
});

import AuditPage from '../features/audit/AuditPage';
import ChainsPage from '../features/chains/ChainsPage';
import { ConnectionList } from '../features/connections/ConnectionList';
import { useAuditView } from '../features/audit/view';
import { useChainsView } from '../features/chains/view';
import { useConnectionsView } from '../features/connections/view';

const PAGES: { page: string; Shown: ComponentType; search: string; top: () => number }[] = [
  { page: 'the chains', Shown: ChainsPage, search: 'Search chains', top: () => useChainsView.getState().top },
  { page: 'the connections', Shown: ConnectionList, search: 'Search connections', top: () => useConnectionsView.getState().top },
  { page: 'the audit log', Shown: AuditPage, search: 'Search', top: () => useAuditView.getState().top },
];

/** How high the content is: there is no layout here. */
let height = 0;
vi.spyOn(Element.prototype, 'scrollHeight', 'get').mockImplementation(() => height);

afterEach(cleanup);

it.each(PAGES)('$page are found as they were left', async ({ Shown, search, top }) => {
  const frame = () => document.querySelector<HTMLElement>('.page-scroll') as HTMLElement;
  const open = () =>
    render(
      <MantineProvider>
        <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
          <Router hook={memoryLocation({ path: '/' }).hook}>
            <Shown />
          </Router>
        </QueryClientProvider>
      </MantineProvider>,
    );
  /** The answers come, and with them the height. */
  const answered = async () => {
    height = 2_000;
    await vi.waitFor(() => {
      for (const answer of host.late.splice(0)) answer();
      screen.getByLabelText(search);
    });
  };
  height = 0;
  open();
  await answered();
  fireEvent.change(screen.getByLabelText(search), { target: { value: 'e' } });
  frame().scrollTop = 300;
  fireEvent.scroll(frame());
  expect(top()).toBe(300);
  cleanup();
  height = 0;
  open();
  expect([frame().scrollTop, top()], 'not before it is there, and not forgotten').toEqual([0, 300]);
  await answered();
  expect(screen.getByLabelText<HTMLInputElement>(search).value).toBe('e');
  await vi.waitFor(() => expect(frame().scrollTop).toBe(300));
  expect(top()).toBe(300);
});
