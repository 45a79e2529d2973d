import { describe, expect, it } from 'vitest';

import type { Problem, RunReport, StepReport } from '../../bindings/wire';
import { allThrough, durationMs, endedBetween, fileName, groupProblems, itemRanges, linkIn, outcomes, progress, shownCount, spans } from './figures';

const problem = (title: string): Problem => ({ code: 'NOT_FOUND', title, hint: 'It may have been deleted.' });

const step = (change: Partial<StepReport> = {}): StepReport => ({
  privacy: { unknown: false, body: false, addresses: [] }, step: 'send', name: 'Send', connection: 'Chat', operation: 'send_message', state: 'done', itemsIn: 7, itemsOut: 7, done: 7, failed: 0, quarantined: 0,
  skipped: 0, passed: 0, kept: 0, unknown: 0, effect: false, changes: 0, undone: 0, stay: 0, calls: 7, callsOk: 7, callsFailed: 0, callsHeld: 0, retries: 0, retryReasons: [], retryWaitMs: 0, bytes: 0, callMs: 40, p50Ms: 4, p95Ms: 9, p99Ms: 9, startedAt: '2026-11-21T08:00:01Z',
  finishedAt: '2026-11-21T08:00:02Z', problems: [], ...change,
});

const report = (change: Partial<RunReport> = {}): RunReport => ({
  run: 'r', chainId: 'c', chain: 'Chain', chainVersion: 1, state: 'done', interrupted: false, dryRun: false, headline: '', createdAt: '2026-11-21T08:00:00Z',
  startedAt: '2026-11-21T08:00:00Z', finishedAt: '2026-11-21T08:00:04Z', recoveries: 0, check: [], steps: [step()], connections: [], needsYou: [], undo: [], private: [], ...change,
});

const NOW = Date.parse('2026-11-21T08:00:10Z');

describe('duration', () => {
  it('ends at the end, else now, and is never negative', () => {
    expect(durationMs('2026-11-21T08:00:00Z', '2026-11-21T08:00:04Z', NOW)).toBe(4_000);
    expect(durationMs('2026-11-21T08:00:00Z', null, NOW)).toBe(10_000);
    expect(durationMs(null, null, NOW), 'not begun').toBeUndefined();
    expect(durationMs('2026-11-21T08:00:20Z', null, NOW), 'a clock that was set back').toBe(0);
  });
});

describe('progress', () => {
  it('counts steps that have nothing left to do', () => {
    const going = step({ state: 'failed', finishedAt: null });
    const cases: [Partial<RunReport>, number][] = [
      [{ steps: [step(), step({ state: 'running', finishedAt: null })], state: 'running' }, 1],
      [{ steps: [step(), going], state: 'running' }, 1],
      [{ steps: [step(), going], state: 'failed' }, 2],
      [{ steps: [step(), step({ state: 'not_known' })], state: 'needs_you' }, 1],
      [{ steps: [step({ state: 'skipped' }), step({ state: 'waiting' })], state: 'running' }, 1],
    ];
    for (const [change, ended] of cases) expect(progress(report(change)).ended, JSON.stringify(change)).toBe(ended);
  });
});

describe('timeline', () => {
  it('places a step within its run', () => {
    const { wholeMs, bars } = spans(report({ steps: [step(), step({ startedAt: null, finishedAt: null })] }), NOW);
    expect(wholeMs).toBe(4_000);
    expect(bars[0]).toEqual({ left: 25, width: 25, calling: 4, retrying: 0, afterMs: 1_000, tookMs: 1_000 });
    expect(bars[1], 'not begun').toBeUndefined();
  });

  it('tells waiting to try again from calling, within the bar', () => {
    const bar = (change: Partial<StepReport>) => spans(report({ steps: [step(change)] }), NOW).bars[0];
    expect(bar({ retryWaitMs: 500 })).toMatchObject({ calling: 4, retrying: 50 });
    expect(bar({ callMs: 800, retryWaitMs: 900 }), 'items side by side').toMatchObject({ calling: 80, retrying: 20 });
  });

  it('stays within the run whatever the clock did', () => {
    const odd = step({ startedAt: '2026-11-21T07:59:00Z', finishedAt: '2026-11-21T09:00:00Z', callMs: 9e9 });
    expect(spans(report({ steps: [odd] }), NOW).bars[0]).toMatchObject({ left: 0, width: 100, calling: 100 });
    const instant = report({ createdAt: '2026-11-21T08:00:00Z', finishedAt: '2026-11-21T08:00:00Z', steps: [step({ startedAt: '2026-11-21T08:00:00Z', finishedAt: '2026-11-21T08:00:00Z' })] });
    expect(spans(instant, NOW).bars[0]).toMatchObject({ left: 0, width: 0, calling: 100 });
  });

  it('lets a step that failed end with its run, and one under way last until now', () => {
    const open = step({ finishedAt: null });
    expect(spans(report({ steps: [open] }), NOW).bars[0]?.tookMs).toBe(3_000);
    expect(spans(report({ steps: [open], finishedAt: null, state: 'running' }), NOW).bars[0]?.tookMs).toBe(9_000);
  });

  it('stands still while the user is asked', () => {
    const needsYou = [{ step: 'send', item: 0, request: null, sentAt: '2026-11-21T08:00:03Z', problem: problem('?') }];
    const asked = report({ steps: [step({ finishedAt: null })], finishedAt: null, state: 'needs_you', needsYou });
    expect(spans(asked, NOW).bars[0]?.tookMs).toBe(2_000);
  });
});

describe('items', () => {
  it('are counted from 1', () => {
    expect(itemRanges([0, 1, 2, 3, 5])).toBe('1–4, 6');
    expect(itemRanges([4, 0, 0])).toBe('1, 5');
    expect(itemRanges([0, 1])).toBe('1, 2');
    expect(itemRanges([])).toBe('');
  });

  it('got through where they are in no list', () => {
    const some = step({ done: 5, failed: 1, unknown: 1, problems: [{ item: 2, problem: problem('x') }] });
    const needsYou = [{ step: 'send', item: 4, request: null, sentAt: null, problem: problem('?') }];
    const result = outcomes(some, report({ needsYou }));
    expect(result.through).toEqual({ count: 5, items: [0, 1, 3, 5, 6] });
    expect(result.failed.items).toEqual([2]);
    expect(result.notKnown.items).toEqual([4]);
  });

  it('are only counted where the report cannot name them', () => {
    const some = step({ done: 3, failed: 1, skipped: 3, problems: [{ item: 2, problem: problem('x') }] });
    const result = outcomes(some, report());
    expect(result.through, 'done or left out: nobody says which').toEqual({ count: 3 });
    expect(result.left).toEqual({ count: 3 });
    const many = step({ itemsIn: 500, done: 200, failed: 300, problems: [{ item: 2, problem: problem('x') }] });
    expect(outcomes(many, report()).failed, 'at most 100 are listed').toEqual({ count: 300 });
  });

  it('that were undone did not stay', () => {
    const undo = [0, 1].map((item) => ({ step: 'send', item, undone: true, problem: null, remains: null }));
    const result = outcomes(step({ itemsIn: 3, done: 3 }), report({ undo }));
    expect(result.undone.items).toEqual([0, 1]);
    expect(result.through).toEqual({ count: 1, items: [2] });
    expect(allThrough(report({ undo }))).toBe(false);
    expect(allThrough(report())).toBe(true);
  });

  it('share their problems', () => {
    const groups = groupProblems([{ item: 0, problem: problem('a') }, { item: 3, problem: problem('b') }, { item: 1, problem: problem('a') }]);
    expect(groups.map((g) => g.items)).toEqual([[0, 1], [3]]);
  });

  it('of a dry run were shown', () => {
    expect(shownCount(step({ done: 0, calls: 0 }))).toBe(7);
  });
});

describe('links of a service', () => {
  it('are pages, and never anything else', () => {
    expect(linkIn({ id: 1, url: 'https://tracker.example.test/issues/1' })?.host).toBe('tracker.example.test');
    for (const url of ['javascript:alert(1)', 'file:///etc/passwd', 'http://tracker.example.test/', 'https://a:b@example.test/', 'not a page', 7, null]) {
      expect(linkIn({ url }), String(url)).toBeUndefined();
    }
    expect(linkIn('https://example.test'), 'only of an object').toBeUndefined();
  });
});

describe('what is said aloud', () => {
  it('is the end of a step, once, and failures loudly', () => {
    const before = report({ state: 'running', steps: [step({ state: 'running' }), step({ state: 'waiting' })] });
    const after = report({ state: 'running', steps: [step(), step({ state: 'running' })] });
    expect(endedBetween(before, after)).toMatchObject([{ at: 1, loud: false }]);
    expect(endedBetween(after, after)).toEqual([]);
    expect(endedBetween(before, report({ state: 'running', steps: [step({ state: 'failed' }), step({ state: 'waiting' })] }))).toMatchObject([{ at: 1, loud: true }]);
  });
});

describe('file names', () => {
  it('hold nothing that a folder could mistake', () => {
    expect(fileName('../Évil: name/<b>', '01a1fd22-b4cb-7458-a8a1-40b50a639167', 'json')).toBe('evil-name-b-0a639167.json');
    expect(fileName('‮…', '01a1fd22-b4cb-7458-a8a1-40b50a639167', 'md')).toBe('run-0a639167.md');
  });
});
