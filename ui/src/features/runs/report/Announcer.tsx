import { useEffect, useRef, useState } from 'react';

import type { RunReport } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { RUN, STEP } from '../../../ui/states';
import { endedBetween, isFailed, isFinal, notBegun } from '../figures';

/** At most one message in so many milliseconds. */
const PACE_MS = 1_000;

interface Props {
  /** The run that is followed; none where there is none yet. Another one begins anew. */
  report: RunReport | undefined;
  /** It was begun here: what is over when it is read for the first time is news. */
  begun?: boolean;
}

/** Tells a screen reader when steps end, failures at once and why; nothing about progress within a step. One of them for each run that is in sight. */
export function Announcer({ report, begun = false }: Props) {
  const [said, setSaid] = useState({ polite: '', loud: '' });
  const before = useRef(begun ? undefined : report);
  const waiting = useRef<{ polite: string[]; loud: string[]; timer?: ReturnType<typeof setTimeout> | undefined }>({ polite: [], loud: [] });
  useEffect(() => {
    if (!report) return;
    const last = before.current;
    before.current = report;
    const was = last?.run === report.run ? last : begun ? notBegun(report) : report;
    const queue = waiting.current;
    for (const { at, step, loud } of endedBetween(was, report)) {
      const words = { at, total: report.steps.length, step: visible(step.name), state: t(STEP[step.state].word) };
      const why = step.state === 'failed' ? step.problems[0]?.problem.title : undefined;
      (loud ? queue.loud : queue.polite).push(why === undefined ? t('runs.say.step', words) : t('runs.say.stepWhy', { ...words, why: visible(why) }));
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
  }, [report, begun]);
  useEffect(() => {
    const queue = waiting.current;
    return () => {
      clearTimeout(queue.timer);
      queue.timer = undefined;
    };
  }, []);
  return (
    <div className="out-of-sight">
      <div role="status">{said.polite}</div>
      <div role="alert">{said.loud}</div>
    </div>
  );
}
