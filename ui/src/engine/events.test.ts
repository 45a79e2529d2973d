import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

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

const RUNS = ['01998a3e-0000-7000-8000-000000000001', '01998a3e-0000-7000-8000-000000000002'] as const;

/** A client with what an open editor reads, and how often each was asked for. */
function looking() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 30_000 } } });
  const asked: Record<string, number> = {};
  const stops = (
    [
      ['run_report', { run: RUNS[0] }],
      ['run_report', { run: RUNS[1] }],
      ['health', {}],
      ['chain_list', {}],
    ] as const
  ).map(([command, request]) => {
    const name = 'run' in request ? `${command} ${RUNS.indexOf(request.run)}` : command;
    const read = () => {
      asked[name] = (asked[name] ?? 0) + 1;
      return Promise.resolve(asked[name]);
    };
    return new QueryObserver(client, { queryKey: [command, 'default', request], queryFn: read }).subscribe(() => undefined);
  });
  followEvents(client);
  if (!host.listener) throw new Error('nobody listens');
  return { asked, listener: host.listener, stop: () => stops.forEach((stop) => stop()) };
}

const chains = (seq: number) => ({ seq, workspace: 'default', event: 'chains_changed' as const });

describe('events', () => {
  afterEach(() => void vi.useRealTimers());
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

  it('in a burst are read four times a second, of the run that they are about', async () => {
    vi.useFakeTimers();
    const { asked, listener, stop } = looking();
    listener.message({ seq: 0 });
    await vi.advanceTimersByTimeAsync(5_000);
    const begun = { ...asked };
    for (let seq = 1; seq <= 100; seq += 1) {
      listener.message([{ seq, workspace: 'default', event: 'run_changed', id: RUNS[0], state: 'running', facts: seq }]);
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(5_000);
    const more = (name: string) => (asked[name] ?? 0) - (begun[name] ?? 0);
    expect(more('run_report 0'), 'at once, four times in the second, and at the end').toBeLessThanOrEqual(6);
    expect(more('run_report 0'), 'it goes on, and the last of it is read').toBeGreaterThanOrEqual(4);
    expect(more('run_report 1'), 'nothing happened to it').toBe(0);
    expect(more('health'), 'the run began once').toBe(1);
    listener.message([{ seq: 101, workspace: 'default', event: 'run_changed', id: RUNS[0], state: 'done', facts: 101 }]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([more('health'), more('chain_list')], 'and it ended').toEqual([2, 2]);
    stop();
  });
});
