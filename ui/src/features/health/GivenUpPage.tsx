import './health.css';

import { Button } from '@mantine/core';
import { ArrowLeft, CircleCheck, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';

import type { JobView } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { formatAgo, formatCount, formatMoment, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { toProblem } from '../../platform';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { placeOf } from '../connections/useTools';

const SHOWN = 100;
const TOUCHES = ['job_list', 'queue_stats', 'health_overview'] as const;

/** Work that was given up: why, and what is to become of it. */
export default function GivenUpPage() {
  const [limit, setLimit] = useState(SHOWN);
  const [said, setSaid] = useState('');
  const read = useRead('job_list', { state: 'failed', offset: 0, limit }, { keep: true });
  return (
    <Page
      title={t('health.givenUp.title')}
      aside={read.data && read.data.total > 0 && <span className="figures">{formatCount(read.data.total)}</span>}
      actions={
        <Link href="/health" className="hl-link">
          <ArrowLeft size={14} aria-hidden />
          {t('health.title')}
        </Link>
      }
    >
      <div className="hl">
        <p className="meta">{t('health.givenUp.about')}</p>
        <p role="status" className="hl-said">
          {said}
        </p>
        <Read read={read} rows={6} shape="table">
          {(data) =>
            data.jobs.length === 0 ? (
              <Empty icon={CircleCheck} text={t('health.givenUp.empty')} />
            ) : (
              <>
                <Jobs jobs={data.jobs} onSaid={setSaid} />
                {data.total > data.jobs.length && (
                  <div className="row">
                    <Button size="xs" onClick={() => setLimit(Math.min(limit + SHOWN, 1_000))} disabled={limit >= 1_000}>
                      {t('health.givenUp.more', { shown: formatCount(data.jobs.length), total: formatCount(data.total) })}
                    </Button>
                  </div>
                )}
              </>
            )
          }
        </Read>
      </div>
    </Page>
  );
}

function Jobs({ jobs, onSaid }: { jobs: JobView[]; onSaid: (said: string) => void }) {
  return (
    <div className="table-frame">
      <table className="table hl-jobs" data-testid="given-up">
        <thead>
          <tr>
            <th scope="col">{t('health.givenUp.work')}</th>
            <th scope="col">{t('health.givenUp.why')}</th>
            <th scope="col">{t('health.givenUp.tries')}</th>
            <th scope="col">{t('health.givenUp.ended')}</th>
            <th scope="col">
              <span className="out-of-sight">{t('health.givenUp.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <Job key={job.id} job={job} onSaid={onSaid} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Job({ job, onSaid }: { job: JobView; onSaid: (said: string) => void }) {
  const name = nameOf(job);
  const retry = useDo('job_retry', { touches: [...TOUCHES], onSuccess: () => onSaid(t('health.givenUp.retried', { name })) });
  const drop = useDo('job_drop', { touches: [...TOUCHES], onSuccess: () => onSaid(t('health.givenUp.dropped', { name })) });
  const failed = retry.error ?? drop.error;
  const busy = retry.isPending || drop.isPending;
  const ended = job.endedAt ?? job.createdAt;
  return (
    <tr data-testid="given-up-row">
      <td>
        <div>{t(`health.givenUp.queue.${job.queue}` as WordKey)}</div>
        {job.connection && (
          <Link href={placeOf(job.connection)} className="hl-link">
            {[job.connection, job.stream].filter((part) => part !== null).map(visible).join(' · ')}
          </Link>
        )}
      </td>
      <td>
        {job.problem ? (
          <>
            <div>{visible(job.problem.title)}</div>
            <div className="meta">{visible(job.problem.hint)}</div>
          </>
        ) : (
          t('health.givenUp.unknown')
        )}
        {failed !== null && <ProblemBlock problem={toProblem(failed)} />}
      </td>
      <td className="figures">{formatCount(job.attempts)}</td>
      <td>
        <time className="figures" dateTime={ended} title={formatMoment(ended)}>
          {formatAgo(ended)}
        </time>
      </td>
      <td>
        <div className="row hl-job-does">
          <Button size="xs" leftSection={<RotateCcw size={14} aria-hidden />} aria-label={`${t('health.givenUp.retry')}: ${name}`} disabled={busy} onClick={() => retry.mutate({ id: job.id })}>
            {t('health.givenUp.retry')}
          </Button>
          <Button size="xs" leftSection={<Trash2 size={14} aria-hidden />} aria-label={`${t('health.givenUp.drop')}: ${name}`} disabled={busy} onClick={() => drop.mutate({ id: job.id })}>
            {t('health.givenUp.drop')}
          </Button>
        </div>
      </td>
    </tr>
  );
}

/** What a job is, in a few words. */
function nameOf(job: JobView): string {
  const what = t(`health.givenUp.queue.${job.queue}` as WordKey);
  return job.connection ? `${what}, ${visible(job.connection)}` : what;
}
