import { beforeEach, describe, expect, it } from 'vitest';

import type { SignalView } from '../../bindings/wire';
import { chooseRun, chooseSample, forgetRun, forgetSample, NEW, runOf, sampleMade, sampleOf, useSample, useSampleRun } from './sample';

const signal = (connectionName: string | null) => ({ id: 7, summary: 'One', connectionName, stream: 'issues' }) as SignalView;
const now = () => useSample.getState().sample;

describe('a signal as the sample of a chain', () => {
  beforeEach(forgetSample);

  it('belongs to the chain that it was chosen for, also once a new one is kept', () => {
    expect(chooseSample(NEW, signal('Tracker'))).toBe(true);
    expect(sampleOf(now(), undefined)?.signal).toBe(7);
    expect(sampleOf(now(), 'other')).toBeUndefined();
    sampleMade('made');
    expect(sampleOf(now(), undefined)).toBeUndefined();
    expect(sampleOf(now(), 'made')?.connection).toBe('Tracker');
    sampleMade('another');
    expect(sampleOf(now(), 'another')).toBeUndefined();
  });

  it('is none where its connection is gone', () => {
    expect(chooseSample(NEW, signal(null))).toBe(false);
    expect(now()).toBeUndefined();
  });
});

describe('a run that stands for what steps give', () => {
  it('is that of its own chain alone, until it is let go', () => {
    chooseRun({ chain: 'a', run: 'r1', at: '2026-11-20T12:00:00Z' });
    const of = (chain: string | undefined) => runOf(useSampleRun.getState().sample, chain)?.run;
    expect([of('a'), of('b'), of(undefined)]).toEqual(['r1', undefined, undefined]);
    forgetRun();
    expect(of('a')).toBeUndefined();
  });
});
