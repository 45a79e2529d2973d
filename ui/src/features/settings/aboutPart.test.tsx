import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

const host = vi.hoisted(() => ({ saved: [] as string[] }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const call = (_: string, command: string) => {
    if (command === 'about_show') return Promise.resolve({ version: '1.0.0', installed: 'by_hand' });
    if (command === 'log_settings_show') return Promise.resolve({ level: 'info', folder: '/data/logs' });
    if (command === 'log_text') return Promise.resolve({ name: 'patchbay.2026-11-20.log', text: '{"message":"asked"}\n' });
    return Promise.reject(new Error(command));
  };
  const saveFile = (name: string, _: string, text: string) => {
    host.saved.push(text);
    return Promise.resolve(name);
  };
  return { ...real, platform: { ...real.platform, call, saveFile } };
});

import { AboutRows } from './AboutPart';

afterEach(cleanup);

it('the latest log is saved to a file, for somebody who helps', async () => {
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MantineProvider>
        <AboutRows what={undefined} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  fireEvent.click(await screen.findByRole('button', { name: 'Save the latest' }));
  await screen.findByText('patchbay.log was saved');
  expect(host.saved).toEqual(['{"message":"asked"}\n']);
});
