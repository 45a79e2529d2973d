import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';

import type { ItemData, Outcome, RunId, StepId } from '../../../bindings/wire';
import { send, useWorkspace } from '../../../engine';
import { formatBytes, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { FailedRead, ProblemBlock } from '../../../ui/ProblemBlock';
import { Mark, STEP } from '../../../ui/states';
import { Fold } from './Fold';
import { RequestView } from './RequestView';
import { RunJson } from './RunJson';

const PAGE = 50;
const LOOK: Record<Outcome['outcome'] | 'none', keyof typeof STEP> = {
  done: 'done', not_done: 'failed', unknown: 'not_known', quarantined: 'failed', skipped: 'skipped', shown: 'skipped', none: 'waiting',
};

/** Each item of a step: what was sent and what became of it. */
export function Items({ run, step }: { run: RunId; step: StepId }) {
  const workspace = useWorkspace((state) => state.name);
  const read = useInfiniteQuery({
    queryKey: ['run_data', workspace, 'items', run, step],
    queryFn: ({ pageParam }) => send('run_data', { run, step, offset: pageParam, limit: PAGE }),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      // An answer has as many items as there is room for.
      const shown = pages.reduce((sum, page) => sum + page.items.length, 0);
      return last.items.length > 0 && shown < last.total ? shown : undefined;
    },
  });
  if (read.isError) return <FailedRead error={read.error} onRetry={() => void read.refetch()} />;
  const items = read.data?.pages.flatMap((page) => page.items) ?? [];
  if (read.isSuccess && items.length === 0) return <p className="meta">{t('runs.partial.noItems')}</p>;
  return (
    <>
      {items.map((item) => (
        <Item key={item.item} item={item} step={step} />
      ))}
      {read.hasNextPage && (
        <div>
          <Button size="compact-sm" loading={read.isFetchingNextPage} onClick={() => void read.fetchNextPage()}>
            {t('runs.partial.more')}
          </Button>
        </div>
      )}
    </>
  );
}

function Item({ item: { item, request, outcome, cut }, step }: { item: ItemData; step: StepId }) {
  const kind = outcome?.outcome ?? 'none';
  const problem = outcome && 'problem' in outcome ? outcome.problem : undefined;
  return (
    <Fold
      title={
        <>
          <Mark look={STEP[LOOK[kind]]} size={14} /> {t('runs.partial.item', { item: item + 1 })}
        </>
      }
      aside={problem ? visible(problem.title) : t(`runs.partial.outcome.${kind}`)}
    >
      {problem && <ProblemBlock problem={problem} alert={false} />}
      {request && <RequestView request={request} step={step} />}
      {outcome?.outcome === 'done' &&
        (outcome.output_missing ? <p className="meta">{t('runs.partial.lost')}</p> : <RunJson value={outcome.output} label={t('runs.partial.answer')} step={step} />)}
      {cut && <p className="meta figures">{t('chains.data.cutBytes', { shown: formatBytes(cut.shownBytes), of: formatBytes(cut.bytes) })}</p>}
    </Fold>
  );
}
