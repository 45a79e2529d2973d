import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, expect, it, vi } from 'vitest';

vi.mock('../platform', async (original) => ({
  ...(await original<object>()),
  platform: { call: (_: string, command: string) => (command === 'gateway_show' ? Promise.resolve({ enabled: true, listening: null, problem: null }) : new Promise(() => undefined)) },
}));

import { gatewayWord } from '../features/webhook/gatewayWord';
import { StatusBar } from './StatusBar';

afterEach(cleanup);

it('the gateway leads to where it is set', async () => {
  const { hook, history } = memoryLocation({ path: '/chains', record: true });
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <Router hook={hook}>
          <StatusBar onHelp={() => undefined} />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
  fireEvent.click(await screen.findByRole('button', { name: gatewayWord({ enabled: true, listening: null, problem: null } as never) }));
  fireEvent.click(await screen.findByText('Webhook gateway'));
  expect(history.at(-1)).toBe('/settings/gateway');
});
