import './runs.css';

import { Button } from '@mantine/core';
import { History, SearchX } from 'lucide-react';
import { useLocation } from 'wouter';

import { formatCount, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { FailedRead, ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { RUN } from '../../ui/states';
import { useNow } from '../../ui/useNow';
import { useSandbox } from '../start/sandbox';
import { rowsOf } from './list';
import { useRuns } from './queries';
import { Chosen } from './Chosen';
import { useChainNames } from './chainNames';
import { RunsFilter } from './RunsFilter';
import { RunsTable } from './RunsTable';
import { clearFilter, useRunsView, type RunFilter } from './view';

/** How far back a narrowed list looks by itself. */
const LOOK_BACK = 20_000;

/** What ran, newest first. */
export default function RunsPage() {
  const { head, runs, total, older } = useRuns();
  const names = useChainNames(runs);
  const view = useRunsView();
  const now = useNow(view.within === undefined ? undefined : 30_000).getTime();
  const { rows, fresh } = rowsOf(runs, view, view.held, now);
  const narrowed = view.state !== undefined || view.chain !== undefined || view.failedOnly || view.within !== undefined;
  const lookFurther = older.more && (!narrowed || runs.length < LOOK_BACK);
  const words = { loaded: formatCount(runs.length), total: formatCount(total) };
  return (
    <Page
      title={t('runs.title')}
      aside={head.data && total > 0 && <span className="figures">{narrowed ? t('runs.list.shown', { count: rows.length, total: words.total }) : t('runs.total', { count: total, n: words.total })}</span>}
      fixed
    >
      <div className="runs">
        <Read read={head} rows={8} shape="table">
          {() =>
            total === 0 ? (
              <NoRuns />
            ) : (
              <>
                <RunsFilter runs={runs} narrowed={narrowed} />
                <Chosen runs={rows} />
                {rows.length === 0 && !older.reading && !lookFurther ? (
                  <Empty icon={SearchX} text={t('common.nothingMatches', { text: said(view, names) })}>
                    <Button onClick={clearFilter}>{t('common.clearFilters')}</Button>
                  </Empty>
                ) : (
                  <RunsTable rows={rows} fresh={fresh} newest={runs[0]?.id} total={narrowed ? rows.length : total} onEnd={lookFurther ? older.next : undefined} />
                )}
                {older.error !== undefined && (
                  <div className="runs-more">
                    <FailedRead error={older.error} onRetry={older.next} />
                  </div>
                )}
                {narrowed && runs.length < total && older.error === undefined && (
                  <div className="runs-more row meta" role="status">
                    {t('runs.list.looking', words)}
                    {older.more && !lookFurther && (
                      <Button size="compact-xs" onClick={older.next}>
                        {t('runs.list.lookFurther')}
                      </Button>
                    )}
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

function NoRuns() {
  const [, go] = useLocation();
  const sandbox = useSandbox();
  return (
    <>
      <Empty icon={History} text={t('runs.empty')}>
        <Button variant="filled" onClick={() => go('/chains')}>
          {t('runs.goToChains')}
        </Button>
        <Button loading={sandbox.isPending} onClick={() => sandbox.mutate({})}>
          {t('runs.trySandbox')}
        </Button>
      </Empty>
      {sandbox.error && (
        <div className="runs-more">
          <ProblemBlock problem={toProblem(sandbox.error)} />
        </div>
      )}
    </>
  );
}

/** The filter in words. */
function said(filter: RunFilter, names: Map<string, string>): string {
  const chain = filter.chain !== undefined && names.get(filter.chain);
  const parts = [filter.failedOnly && t('runs.list.failedOnly'), filter.state && t(RUN[filter.state].word), filter.within && t(`runs.list.times.${filter.within}`), chain && visible(chain)];
  return parts.filter(Boolean).join(', ');
}
