import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

vi.mock('../../platform', async (original) => ({
  ...(await original<object>()),
  platform: {
    call: (_: string, command: string, { connector }: { connector: string }) =>
      command === 'connector_show' && connector !== 'gone'
        ? Promise.resolve({ summary: { id: connector }, streams: [{ id: 'orders', private: connector === 'shop' ? [['customer', 'email'], ['customer', 'size']] : [] }] })
        : Promise.reject(new Error(command)),
  },
}));

import type { JsonValue, Signal } from '../../bindings/wire';
import { piecesOf, privateValues, useSummary } from './privates';
import { SignalFacts } from './SignalPair';

const RAW = { customer: { email: 'a@example.test', name: 'Amira', size: 'M' }, total: '12' };
const signal = (connector: string) =>
  ({ connector, stream: 'orders', summary: 'Order of a@example.test over 12', participants: ['Amira', 'a@example.test'], signalType: 'order', timestamp: '2026-11-20T12:00:00Z', tags: ['M'], related: [], priority: null, url: null }) as unknown as Signal;
function show(connector: string, raw: JsonValue) {
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MantineProvider>
        <SignalFacts signal={signal(connector)} raw={raw} />
      </MantineProvider>
    </QueryClientProvider>,
  );
}
const text = () => document.body.textContent ?? '';

afterEach(cleanup);

it('what a signal copied from a private field is masked beside the item too, and shown when it is asked for', async () => {
  show('shop', RAW);
  expect(text(), 'nothing before it is known').not.toContain('a@example.test');
  const people = await screen.findByRole('button', { name: 'Show People, which is private' });
  expect(text()).not.toContain('a@example.test');
  expect(text()).toContain('Order of ');
  expect(text(), 'a name is not private here').toContain('Amira, ');
  fireEvent.click(people);
  expect(text()).toContain('Amira, a@example.test');
  expect(text(), 'only what was asked for').not.toContain('Order of a@example.test');
});

it('nothing is masked where nothing is private', async () => {
  show('open', RAW);
  await screen.findByText('Order of a@example.test over 12');
  expect(screen.queryByRole('button', { name: /private/ })).toBeNull();
});

it.each<[string, string, JsonValue]>([
  ['whose item is not kept', 'shop', null],
  ['whose connector is gone', 'gone', RAW],
])('of a signal %s nobody knows what was private: both lines are masked', async (_, connector, raw) => {
  show(connector, raw);
  expect(await screen.findAllByRole('button', { name: /which is private/ })).toHaveLength(2);
  expect(text()).not.toContain('Amira');
});

it('values are cut out of texts, the longest first, and short ones only where they are all of it', () => {
  const values = privateValues(RAW, [['customer', 'email'], ['size']]);
  expect(values).toEqual(['a@example.test', 'M']);
  expect(piecesOf(['Me and a@example.test', 'M'], values)).toEqual(['Me and ', ', ', '']);
  expect(piecesOf(['anna', 'ann'], ['ann', 'anna'])).toEqual(['', ', ', '']);
  expect(piecesOf([], undefined)).toEqual(['']);
});

function Heading({ connector, raw }: { connector: string; raw: JsonValue }) {
  const { text, othersMayBePrivate } = useSummary({ ...signal(connector), raw });
  return <h2 data-others={othersMayBePrivate}>{text}</h2>;
}

it.each([
  ['shop', RAW, 'Order of •••••••• over 12', 'true'],
  // What this version does not say another one may.
  ['shop', { customer: { email: 'b@example.test' } }, 'Order of a@example.test over 12', 'true'],
  ['open', RAW, 'Order of a@example.test over 12', 'false'],
])('the heading above it holds back the same: %s', async (connector, raw, words, others) => {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Heading connector={connector} raw={raw} />
    </QueryClientProvider>,
  );
  expect(screen.getByRole('heading').textContent, 'nothing before it is known').toBe('');
  expect((await screen.findByText(words)).dataset['others']).toBe(others);
});
