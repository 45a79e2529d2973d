import { expect, it } from 'vitest';

import type { RunState, RunView } from '../../bindings/wire';
import { mergeRuns, rowsOf } from './list';

const run = (id: string, state: RunState = 'done', chainId = 'c'): RunView => ({
  id, chainId, chain: 'Chain', chainVersion: 1, state, interrupted: false, dryRun: false, origin: 'by_hand', createdAt: '2026-11-21T08:00:00Z', finishedAt: null,
});
const all = { state: undefined, chain: undefined, failedOnly: false, within: undefined };
const NOW = Date.parse('2026-11-21T09:00:00Z');

it('shows each run once, newest first, as it is now', () => {
  const head = { runs: [run('04', 'running'), run('03', 'failed')], total: 4 };
  const pages = [{ runs: [run('03', 'running'), run('02')], total: 3 }, { runs: [run('02'), run('01')], total: 3 }];
  expect(mergeRuns(head, pages).map((r) => `${r.id} ${r.state}`)).toEqual(['04 running', '03 failed', '02 done', '01 done']);
});

it('keeps newer runs back while the list is scrolled', () => {
  const runs = [run('04', 'failed'), run('03'), run('02'), run('01', 'failed')];
  expect(rowsOf(runs, all, undefined, NOW)).toMatchObject({ fresh: 0, rows: runs });
  expect(rowsOf(runs, all, '02', NOW).fresh).toBe(2);
  expect(rowsOf(runs, all, '02', NOW).rows.map((r) => r.id)).toEqual(['02', '01']);
  expect(rowsOf(runs, { ...all, failedOnly: true }, '02', NOW), 'only those that would be shown wait').toMatchObject({ fresh: 1, rows: [{ id: '01' }] });
  expect(rowsOf(runs, all, 'gone', NOW).rows.length, 'a mark that is gone holds nothing back').toBe(4);
});

it('narrows by state and chain', () => {
  const runs = [run('03', 'failed_undone', 'a'), run('02', 'done', 'b'), run('01', 'needs_you', 'a')];
  expect(rowsOf(runs, { ...all, chain: 'a', state: 'needs_you' }, undefined, NOW).rows.map((r) => r.id)).toEqual(['01']);
  expect(rowsOf(runs, { ...all, failedOnly: true }, undefined, NOW).rows.map((r) => r.id)).toEqual(['03']);
});

it('narrows by time', () => {
  const at = (id: string, createdAt: string) => ({ ...run(id), createdAt });
  const runs = [at('03', '2026-11-21T08:30:00Z'), at('02', '2026-11-21T07:59:59Z'), at('01', '2026-11-13T09:00:00Z')];
  const ids = (within: 'hour' | 'day' | 'week') => rowsOf(runs, { ...all, within }, undefined, NOW).rows.map((r) => r.id);
  expect([ids('hour'), ids('day'), ids('week')]).toEqual([['03'], ['03', '02'], ['03', '02']]);
});
