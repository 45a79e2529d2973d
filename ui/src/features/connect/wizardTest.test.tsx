import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

import type { ConnectorDetail, Problem } from '../../bindings/wire';

const host = vi.hoisted(() => ({ problem: undefined as unknown, tries: 0 }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const call = (_: string, command: string) => {
    if (command !== 'connection_try') return new Promise(() => undefined);
    host.tries += 1;
    return host.problem === undefined ? new Promise(() => undefined) : Promise.reject(new real.ProblemError(host.problem as Problem));
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { Wizard } from './Wizard';

afterEach(cleanup);

const detail = {
  summary: { id: 'clock', name: 'Clock' },  baseUrl: '', auth: [], settings: [{ key: 'every', label: 'Every', kind: 'text', required: false, options: [] }], streams: [], operations: [], webhook: false, permissions: [], origins: [],
} as unknown as ConnectorDetail;

/** Goes to the test, which fails with a problem. */
async function fail(problem: Problem) {
  host.problem = problem;
  await test();
  await screen.findByTestId('problem');
}

/** Goes to the test. */
async function test() {
  host.tries = 0;
  const nothing = () => undefined;
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <Wizard detail={detail} known={[]} replacing={undefined} onDirty={nothing} onNetwork={nothing} onCancel={nothing} onClose={nothing} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  for (let step = 0; step < 2 && host.tries === 0; step += 1) {
    fireEvent.click(screen.getByRole('button', { name: 'Continue' }));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

it('a test that failed for no fault of the user has one button, and promises nothing that nobody does', async () => {
  await fail({ code: 'SERVICE_DOWN', title: 'Clock is not answering properly', hint: 'Clock has a problem of its own. We try again at the next chance.', fix: { label: 'Try now', action: 'retry' }, retry: 'wait' } as unknown as Problem);
  expect(screen.queryByText(/We try again/)).toBeNull();
  expect(screen.queryByRole('button', { name: 'Try now' })).toBeNull();
  const again = screen.getAllByRole('button', { name: 'Test again' });
  expect(again).toHaveLength(1);
  fireEvent.click(again[0] as HTMLElement);
  await vi.waitFor(() => expect(host.tries).toBe(2));
});

it('a test that failed for something to be mended has the button for it, and one to test again', async () => {
  await fail({ code: 'NETWORK_UNREADABLE', title: 'The network settings cannot be read', hint: 'Nothing is sent.', fix: { label: 'Network settings', action: 'network_settings' } } as unknown as Problem);
  screen.getByRole('button', { name: 'Network settings' });
  screen.getByRole('button', { name: 'Test again' });
});

it('while a test goes on its four lines are there: the first is at work, the others wait', async () => {
  host.problem = undefined;
  await test();
  const lines = await screen.findAllByRole('listitem');
  const told = lines.filter((line) => line.closest('.cw-lines')).map((line) => line.querySelector('.pill')?.textContent);
  expect(told).toEqual(['Running', 'Waiting', 'Waiting', 'Waiting']);
});
