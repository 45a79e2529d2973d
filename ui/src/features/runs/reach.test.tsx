import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, it, vi } from 'vitest';

vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const connections = [
    { name: 'Here', origins: ['http://127.0.0.1:7000'] },
    { name: 'Away', origins: ['https://tracker.example'] },
  ];
  return { ...real, platform: { ...real.platform, call: () => Promise.resolve({ total: 2, connections }) } };
});

import type { RunReport } from '../../bindings/wire';
import { useRunReach } from './reach';

const client = new QueryClient();
const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
const of = (connection: string) => renderHook(() => useRunReach({ connections: [{ connection }] } as RunReport), { wrapper }).result;

it('says of a run offline what its own connections allow', async () => {
  const network = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
  const away = of('Away');
  await vi.waitFor(() => expect(away.current).toMatch(/offline/));
  expect(of('Here').current, 'what it calls is on this computer').toBeUndefined();
  network.mockReturnValue(true);
  expect(of('Away').current).toBeUndefined();
});
