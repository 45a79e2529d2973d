import { QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Listener } from '../platform';

const host = vi.hoisted(() => ({ listener: undefined as Listener | undefined }));
vi.mock('../platform', () => ({
  platform: {
    listen: (listener: Listener) => {
      host.listener = listener;
      return () => undefined;
    },
  },
}));

import { followEvents, useEngineState } from './events';

/** What was read again: commands by name, `*` for everything. */
function follow() {
  const client = new QueryClient();
  const read: string[] = [];
  vi.spyOn(client, 'invalidateQueries').mockImplementation((filters) => {
    read.push(String(filters?.queryKey?.[0] ?? '*'));
    return Promise.resolve();
  });
  followEvents(client);
  if (!host.listener) throw new Error('nobody listens');
  return { read, listener: host.listener };
}

const chains = (seq: number) => ({ seq, workspace: 'default', event: 'chains_changed' as const });

describe('events', () => {
  beforeEach(() => useEngineState.setState({ broken: false, refused: false }));

  it('read again what they touch, once per message', () => {
    const { read, listener } = follow();
    listener.message({ seq: 4 });
    listener.message([chains(5), chains(6)]);
    expect(read).toEqual(['*', 'chain_list', 'chain_export', 'pin_list', 'pin_show']);
  });

  it('read everything again after a gap, after a loss, and after a new start of the engine', () => {
    const { read, listener } = follow();
    listener.message({ seq: 4 });
    read.length = 0;
    listener.message([chains(6)]);
    expect(read[0]).toBe('*');
    read.length = 0;
    listener.message({ lost: true, seq: 9 });
    expect(read).toEqual(['*']);
    read.length = 0;
    listener.message({ seq: 0 });
    expect(read).toEqual(['*']);
  });

  it('say that the engine is gone, and read everything again when it is back', () => {
    const { read, listener } = follow();
    listener.message({ seq: 4 });
    read.length = 0;
    listener.broken();
    expect(useEngineState.getState().broken).toBe(true);
    listener.message({ seq: 4 });
    expect(useEngineState.getState().broken).toBe(false);
    expect(read).toEqual(['*']);
  });
});
