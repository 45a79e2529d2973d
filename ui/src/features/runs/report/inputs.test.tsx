import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { RunReport } from '../../../bindings/wire';

const host = vi.hoisted(() => ({ answer: {} as unknown, asked: [] as unknown[] }));
vi.mock('../../../platform', async (original) => ({
  ...(await original<object>()),
  platform: {
    call: (_: string, command: string, request: unknown) => {
      host.asked.push([command, request]);
      return Promise.resolve(host.answer);
    },
  },
}));

import { OPEN } from '../../chains/data/private';
import { Inputs } from './Inputs';

const MAIL = 'amira@example.test';
const answer = (given: unknown, more: object = {}) => ({ items: [{ item: 0, given, request: null, outcome: null }], total: 1, private: [['email']], privacy: OPEN, givenUnknown: false, ...more });

beforeEach(() => Object.assign(host, { asked: [] }));
afterEach(cleanup);

const text = () => document.body.textContent ?? '';
async function open(given: unknown) {
  host.answer = given;
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MantineProvider>
        <Inputs report={{ run: 'r', steps: [{ step: 'find' }, { step: 'tell' }] } as unknown as RunReport} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  await new Promise((resolve) => setTimeout(resolve));
  expect(host.asked, 'nothing is read before it is looked at').toEqual([]);
  fireEvent.click(screen.getByText('What it was started with'));
}

it('what a run was started with is shown when it is asked for, and what is private in it is masked', async () => {
  await open(answer({ email: MAIL, name: 'Amira' }));
  const mask = await screen.findByRole('button', { name: 'Show email, which is private' });
  expect(host.asked[0]).toEqual(['run_data', { run: 'r', step: 'find', limit: 1 }]);
  expect(text()).toContain('Amira');
  expect(text()).not.toContain(MAIL);
  fireEvent.click(mask);
  expect(text()).toContain(MAIL);
});

it('where nobody knows what of it is private all of it is masked', async () => {
  await open(answer({ name: 'Amira' }, { givenUnknown: true }));
  await screen.findByText(/connector is no longer here/);
  expect(text()).not.toContain('Amira');
});

it.each([
  ['that was started without one', answer(null, { givenUnknown: true }), 'It was started without an input.'],
  ['whose first step was not begun', answer(null, { items: [], total: 0 }), /Its first step was not begun/],
])('of a run %s it is said', async (_, given, words) => {
  await open(given);
  await screen.findByText(words);
});
