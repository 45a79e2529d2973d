import { expect, it } from 'vitest';

import type { RunView } from '../../../bindings/wire';
import { groups } from './groups';

const run = (id: string, chainId: string, chainVersion: number): RunView => ({
  id,
  chainId,
  chain: chainId.toUpperCase(),
  chainVersion,
  state: 'failed',
  interrupted: false,
  dryRun: false,
  origin: 'by_hand',
  createdAt: '2026-11-20T12:00:00Z',
  finishedAt: null,
});

it('counts runs by what they ran, the newest standing for each', () => {
  const runs = [run('r4', 'a', 2), run('r3', 'b', 1), run('r2', 'a', 2), run('r1', 'a', 1)];
  expect(groups(runs)).toEqual([
    { chain: 'A', version: 2, newest: 'r4', count: 2 },
    { chain: 'B', version: 1, newest: 'r3', count: 1 },
    { chain: 'A', version: 1, newest: 'r1', count: 1 },
  ]);
});
