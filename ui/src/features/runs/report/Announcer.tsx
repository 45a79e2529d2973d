import { useEffect, useRef, useState } from 'react';

import type { RunReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { RUN, STEP } from '../../../ui/states';
import { endedBetween, isFailed, isFinal } from '../figures';

/** At most one message in so many milliseconds. */
const PACE_MS = 1_000;

/** Tells a screen reader when steps end, failures at once; nothing about progress within a step. */
export function Announcer({ report }: { report: RunReport }) {
  const [said, setSaid] = useState({ polite: '', loud: '' });
  const before = useRef(report);
  const waiting = useRef<{ polite: string[]; loud: string[]; timer?: ReturnType<typeof setTimeout> | undefined }>({ polite: [], loud: [] });
  useEffect(() => {
    const was = before.current;
    before.current = report;
    const queue = waiting.current;
    for (const { at, step, loud } of endedBetween(was, report)) {
      const words = { at, total: report.steps.length, step: visible(step.name), state: t(STEP[step.state].word) };
      (loud ? queue.loud : queue.polite).push(t('runs.say.step', words));
    }
    if (was.state !== report.state && isFinal(report.state)) {
      (isFailed(report.state) ? queue.loud : queue.polite).push(t('runs.say.run', { state: t(RUN[report.state].word) }));
    }
    const asked = report.needsYou[0];
    if (was.state !== 'needs_you' && report.state === 'needs_you' && asked) queue.loud.push(t('runs.say.needsYou', { step: visible(report.steps.find((step) => step.step === asked.step)?.name ?? asked.step) }));
    if (queue.timer !== undefined || queue.polite.length + queue.loud.length === 0) return;
    const say = () => {
      queue.timer = undefined;
      if (queue.polite.length + queue.loud.length === 0) return;
      setSaid({ polite: queue.polite.splice(0).join('. '), loud: queue.loud.splice(0).join('. ') });
      queue.timer = setTimeout(say, PACE_MS);
    };
    say();
  }, [report]);
  useEffect(() => {
    const queue = waiting.current;
    return () => clearTimeout(queue.timer);
  }, []);
  return (
    <div className="out-of-sight">
      <div role="status">{said.polite}</div>
      <div role="alert">{said.loud}</div>
    </div>
  );
}
