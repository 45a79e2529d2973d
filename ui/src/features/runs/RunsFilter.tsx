import { Button, Select, Switch } from '@mantine/core';
import { useMemo } from 'react';

import type { RunState, RunView } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { RUN } from '../../ui/states';
import { useChainNames } from './chainNames';
import { clearFilter, FAILED_LATELY, useRunsView, WITHIN, type Within } from './view';

/** Narrows the list by state, chain and time. */
export function RunsFilter({ runs, narrowed }: { runs: RunView[]; narrowed: boolean }) {
  const { state, chain, failedOnly, within } = useRunsView();
  const names = useChainNames(runs);
  const chains = useMemo(() => [...names].map(([value, name]) => ({ value, label: visible(name) })).sort((a, b) => a.label.localeCompare(b.label)), [names]);
  const set = useRunsView.setState;
  return (
    <div className="runs-filter" role="search" aria-label={t('runs.list.filters')}>
      <Select
        className="runs-filter-chain"
        aria-label={t('runs.list.filterChain')}
        placeholder={t('runs.list.anyChain')}
        data={chains}
        value={chain ?? null}
        onChange={(value) => set({ chain: value ?? undefined, held: undefined })}
        nothingFoundMessage={t('runs.list.noChain')}
        searchable
        clearable
        limit={100}
        data-page-search
      />
      <Select
        className="runs-filter-state"
        aria-label={t('runs.list.filterState')}
        placeholder={t('runs.list.anyState')}
        data={Object.entries(RUN).map(([value, look]) => ({ value, label: t(look.word) }))}
        value={state ?? null}
        onChange={(value) => set({ state: (value as RunState | null) ?? undefined, held: undefined })}
        clearable
      />
      <Select
        className="runs-filter-time"
        aria-label={t('runs.list.filterTime')}
        placeholder={t('runs.list.anyTime')}
        data={(Object.keys(WITHIN) as Within[]).map((value) => ({ value, label: t(`runs.list.times.${value}`) }))}
        value={within ?? null}
        onChange={(value) => set({ within: (value as Within | null) ?? undefined, held: undefined })}
        clearable
      />
      <Switch
        label={t('runs.list.failedOnly')}
        checked={failedOnly}
        onChange={(event) => set({ failedOnly: event.currentTarget.checked, held: undefined })}
      />
      <Button size="compact-sm" onClick={() => set({ ...FAILED_LATELY, held: undefined })}>
        {t('runs.list.failedLately')}
      </Button>
      {narrowed && (
        <Button size="compact-sm" variant="subtle" onClick={clearFilter}>
          {t('common.clearFilters')}
        </Button>
      )}
    </div>
  );
}
