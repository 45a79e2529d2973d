import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

import type { RunReport } from '../../../bindings/wire';

vi.mock('../../../platform', async (original) => {
  const real = await original<typeof import('../../../platform')>();
  const call = (_: string, command: string) => (command === 'run_report' ? Promise.reject(new real.ProblemError({ code: 'STORAGE_FULL', title: 'The disk is full', hint: 'Make room.' })) : new Promise(() => undefined));
  return { ...real, platform: { ...real.platform, call } };
});

import { RunActions } from './RunActions';

afterEach(cleanup);

it('says why a report was not exported', async () => {
  const report = { run: 'r-1', chainId: 'c-1', chain: 'Chain', chainVersion: 1, state: 'done', steps: [], connections: [], undo: [], private: [] } as unknown as RunReport;
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <RunActions report={report} again={undefined} starting={false} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  fireEvent.click(screen.getByRole('button', { name: /^(Export|More)$/ }));
  fireEvent.click(await screen.findByText('Markdown'));
  expect((await screen.findByRole('alert')).textContent).toBe('The disk is full');
});
