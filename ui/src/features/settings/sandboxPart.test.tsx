import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

const host = vi.hoisted(() => ({ running: false, done: [] as string[] }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const call = (_: string, command: string) => {
    if (command === 'sandbox_show') return Promise.resolve({ running: host.running, trouble: null });
    if (command === 'catalogue_list') return Promise.resolve({ connectors: [{ id: 'sandbox-chat', sandbox: true }], problems: [] });
    if (command === 'connection_list') return Promise.resolve({ connections: [{ id: 'c', connector: 'sandbox-chat' }], total: 1 });
    host.done.push(command);
    host.running = command === 'sandbox_start';
    return Promise.resolve({ chain: 'chain-1', connections: [], running: host.running, trouble: null });
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { SandboxRows } from './SandboxPart';

afterEach(() => {
  cleanup();
  Object.assign(host, { done: [] });
});

it('the sandbox is switched off and on, and can be in trouble only while it is on', async () => {
  host.running = true;
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MantineProvider>
        <SandboxRows />
      </MantineProvider>
    </QueryClientProvider>,
  );
  await screen.findByText('1 connection goes to it.');
  const on = screen.getByRole<HTMLInputElement>('switch', { name: 'Sandbox on' });
  expect(on.checked).toBe(true);
  expect(screen.getByText('Trouble')).toBeTruthy();
  fireEvent.click(on);
  await screen.findByText(/^Off: its tools are gone/);
  expect(on.checked).toBe(false);
  expect(screen.queryByText('Trouble'), 'nothing is there that could be in trouble').toBeNull();
  fireEvent.click(on);
  await screen.findByText('1 connection goes to it.');
  expect(host.done).toEqual(['sandbox_stop', 'sandbox_start']);
});
