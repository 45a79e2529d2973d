import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

vi.mock('../../platform', async (original) => ({
  ...(await original<object>()),
  platform: {
    call: (_: string, command: string, { connector }: { connector: string }) =>
      command === 'connector_show' && connector === 'shop'
        ? Promise.resolve({ summary: { id: 'shop' }, streams: [{ id: 'orders', private: [['customer', 'phone']] }, { id: 'mails', private: [['from']] }] })
        : Promise.reject(new Error(command)),
  },
}));

import { RawItem } from './RawItem';

const raw = { customer: { phone: '+15550100', name: 'Amira' }, from: 'a@example.test' };

const show = (connector: string, stream: string | undefined) =>
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MantineProvider>
        <RawItem raw={raw} connector={connector} stream={stream} />
      </MantineProvider>
    </QueryClientProvider>,
  );

const text = () => document.body.textContent ?? '';

afterEach(cleanup);

it('an item as the service sent it is masked as its stream says, and shown when it is asked for', async () => {
  show('shop', 'orders');
  expect(text(), 'nothing before it is known').not.toContain('Amira');
  fireEvent.click(await screen.findByRole('button', { name: 'Show phone, which is private' }));
  expect(text()).toContain('+15550100');
  expect(text(), 'another stream says so, not this one').toContain('a@example.test');
});

it('an item of a stream that nobody names is masked as any of them says', async () => {
  show('shop', undefined);
  await screen.findByRole('button', { name: 'Show from, which is private' });
  expect(text()).not.toContain('+15550100');
});

it('an item of a connector that is not here is masked as a whole', async () => {
  show('gone', 'orders');
  await screen.findByText(/Its connector is no longer here/);
  expect(text()).not.toContain('Amira');
  fireEvent.click(screen.getByRole('button', { name: /which is private/ }));
  expect(text()).toContain('Amira');
});
