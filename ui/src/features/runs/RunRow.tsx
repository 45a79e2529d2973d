import { Checkbox } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { RunView } from '../../bindings/wire';
import { useRead } from '../../engine';
import { formatAgo, formatCount, formatMoment, formatMsOr, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { Pill, RUN } from '../../ui/states';
import { durationMs, isActive, isFinal } from './figures';
import { INTERRUPTED } from './looks';
import { choose } from './view';

interface Props {
  run: RunView;
  index: number;
  now: number;
  chosen: boolean;
}

/** One run of the list. */
export function RunRow({ run, index, now, chosen }: Props) {
  const [, go] = useLocation();
  const look = RUN[run.state];
  const ms = run.state === 'queued' || (!isActive(run) && !isFinal(run.state)) ? undefined : durationMs(run.createdAt, run.finishedAt, now);
  const started = formatMoment(run.createdAt);
  const chain = visible(run.chain);
  const place = `/runs/${encodeURIComponent(run.id)}`;
  return (
    <tr
      className={chosen ? 'opens chosen' : 'opens'}
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      onClick={(event) => {
        if (!(event.target as HTMLElement).closest('a, label, input')) go(place);
      }}
    >
      <td className="runs-choose">
        <Checkbox size="xs" aria-label={t('runs.list.select', { chain, started })} checked={chosen} onChange={(event) => choose(run.id, event.currentTarget.checked)} />
      </td>
      <td>
        {run.interrupted ? <Pill look={INTERRUPTED} /> : <Pill look={look} />}
      </td>
      <td>
        <div className="runs-chain">
          <Link href={place} className="link-button cut" title={chain} aria-label={t('runs.list.open', { chain, state: t(run.interrupted ? INTERRUPTED.word : look.word), started })}>
            {chain}
          </Link>
          {run.dryRun && <span className="runs-tag">{t('runs.dryRun')}</span>}
        </div>
      </td>
      <td className="figures">
        <time dateTime={run.createdAt}>{started}</time>
        <span className="meta runs-ago">{formatAgo(run.createdAt, new Date(Math.max(now, Date.parse(run.createdAt))))}</span>
      </td>
      <td className="number">{formatMsOr(ms)}</td>
      <Figures run={run} />
      <td className="meta runs-trigger">{t(`runs.list.origins.${run.origin}`)}</td>
    </tr>
  );
}

/** A row that is only scrolled past asks for nothing. */
const REST_MS = 200;

/** How far it got and with how many items, from its report. */
function Figures({ run }: { run: RunView }) {
  const [rested, setRested] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setRested(true), REST_MS);
    return () => clearTimeout(timer);
  }, []);
  const report = useRead('run_report', { run: run.id, render: null }, { enabled: rested, keep: true }).data?.report;
  if (!report) {
    return (
      <>
        <td className="runs-steps" />
        <td className="number runs-items" />
      </>
    );
  }
  const done = report.steps.filter((step) => step.state === 'done').length;
  const items = Math.max(0, ...report.steps.map((step) => Math.max(step.itemsIn, step.itemsOut)));
  return (
    <>
      <td className="figures runs-steps">{t('runs.list.of', { ended: done, total: report.steps.length })}</td>
      <td className="number runs-items">{formatCount(items)}</td>
    </>
  );
}
