import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

import type { RunView } from '../../../bindings/wire';

const host = vi.hoisted(() => ({ asked: [] as unknown[], private: [] as string[][] }));
vi.mock('../../../platform', async (original) => {
  const real = await original<typeof import('../../../platform')>();
  const call = (_: string, command: string, request: unknown) => {
    if (command === 'run_report') return Promise.resolve({ report: { check: [], steps: [{ step: 'find' }] } });
    if (command === 'run_data') return Promise.resolve({ items: [{ item: 0, given: { author: { email: 'a@example.test' } } }], total: 1, private: host.private, privacy: {}, givenUnknown: false });
    if (command === 'run_again') host.asked.push(request);
    return new Promise(() => undefined);
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { AgainDialog } from './AgainDialog';

// Fields that grow with their text watch for fonts, which this page has none of.
Object.defineProperty(document, 'fonts', { value: new EventTarget(), configurable: true });
afterEach(cleanup);

function open() {
  const run = { id: '01', chain: 'c1', chainName: 'Tell', chainVersion: 1, state: 'done', createdAt: '2026-11-20T12:00:00Z' } as unknown as RunView;
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <AgainDialog runs={[run]} onDone={() => undefined} onClose={() => undefined} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  fireEvent.click(screen.getByLabelText('With another input'));
}

const texts = () => [...document.querySelectorAll('textarea')].map((field) => field.value).join('');

it('an input that has something private is shown only to who asks for it', async () => {
  host.private = [['author', 'email']];
  open();
  await screen.findByTestId('again-hidden');
  expect(texts()).not.toContain('a@example.test');
  fireEvent.click(screen.getByRole('button', { name: 'Show and change it' }));
  await waitFor(() => expect(texts()).toContain('a@example.test'));
});

it('an input without anything private is there at once', async () => {
  host.private = [];
  open();
  await waitFor(() => expect(texts()).toContain('a@example.test'));
});
