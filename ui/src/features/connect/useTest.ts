import { useReducedMotion } from '@mantine/hooks';
import { useCallback, useEffect, useRef, useState } from 'react';

import type { ConnectRequest, Problem, TestReport } from '../../bindings/wire';
import { send } from '../../engine';
import { toProblem } from '../../platform';

/** The lines of a test. */
export const PARTS = ['reached', 'signed_in', 'permissions', 'sample'] as const;

/** From line to line, so that they can be read. */
const TICK_MS = 140;
/** When the service counts as slow. */
const SLOW_MS = 5_000;

/** How a test goes on. */
export interface TestProgress {
  /** It waits for the service. */
  running: boolean;
  /** The service takes its time. */
  slow: boolean;
  /** What it saw. */
  report: TestReport | undefined;
  /** Why it does not work. */
  problem: Problem | undefined;
  /** How many lines are shown. */
  shown: number;
  /** Every line is shown. */
  over: boolean;
  start: (request: ConnectRequest) => Promise<void>;
  stop: () => void;
}

/** Tests what would be connected. Secrets go to the engine and are kept nowhere on the way. */
export function useTest(): TestProgress {
  const [running, setRunning] = useState(false);
  const [slow, setSlow] = useState(false);
  const [report, setReport] = useState<TestReport>();
  const [refused, setRefused] = useState<Problem>();
  const [shown, setShown] = useState(0);
  const still = useReducedMotion();
  const run = useRef(0);
  const start = useCallback(async (request: ConnectRequest) => {
    run.current += 1;
    const mine = run.current;
    setRunning(true);
    setReport(undefined);
    setRefused(undefined);
    setShown(0);
    try {
      const seen = await send('connection_try', request);
      if (mine === run.current) setReport(seen);
    } catch (error) {
      if (mine === run.current) setRefused(toProblem(error));
    }
    if (mine === run.current) setRunning(false);
  }, []);
  const stop = useCallback(() => {
    run.current += 1;
    setRunning(false);
  }, []);
  useEffect(() => {
    if (!running) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [running]);
  useEffect(() => {
    if (!report || shown >= PARTS.length) return;
    const timer = setTimeout(() => setShown(still ? PARTS.length : shown + 1), still ? 0 : TICK_MS);
    return () => clearTimeout(timer);
  }, [report, shown, still]);
  const over = !running && (refused !== undefined || (report !== undefined && shown >= PARTS.length));
  return { running, slow, report, problem: refused ?? report?.problem ?? undefined, shown, over, start, stop };
}
