import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

const MAIL = 'a@example.test';
const SIGNAL = { connector: 'shop', stream: 'orders', externalId: '1', version: 1, raw: { customer: { email: 'a@example.test', name: 'Amira' } }, summary: 'Order of a@example.test', participants: ['Amira', 'a@example.test'], signalType: 'order', timestamp: '2026-11-20T12:00:00Z', tags: [], related: [], priority: null, url: null };
vi.mock('../../platform', async (original) => ({
  ...(await original<object>()),
  platform: {
    call: (_: string, command: string) => {
      if (command === 'signal_list') return Promise.resolve({ signals: [SIGNAL] });
      if (command === 'connector_show') return Promise.resolve({ summary: { id: 'shop' }, streams: [{ id: 'orders', private: [['customer', 'email']] }] });
      return new Promise(() => undefined);
    },
  },
}));

import type { ConnectionView } from '../../bindings/wire';
import { DataTab } from './DataTab';

afterEach(cleanup);

it('the line of a signal holds back what its details hold back', async () => {
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MantineProvider>
        <DataTab connection={{ name: 'Shop', signals: 1, origins: [], paused: false } as unknown as ConnectionView} tool={undefined} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  const line = await screen.findByRole('button', { expanded: true });
  await vi.waitFor(() => expect(line.textContent).toContain('Order of ••••••••'));
  expect(line.textContent, 'a name is not private here').toContain('Amira, ••••••••');
  expect(document.body.innerHTML, 'nor in a tooltip').not.toContain(MAIL);
  const [mask] = screen.getAllByRole('button', { name: 'Show Summary, which is private' });
  fireEvent.click(mask as HTMLElement);
  expect(document.body.textContent, 'in the details it is shown when it is asked for').toContain(`Order of ${MAIL}`);
});
