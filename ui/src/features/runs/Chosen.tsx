import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';

import type { RunView } from '../../bindings/wire';
import { useDo } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { useShortcuts } from '../../shell/shortcuts';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { toast } from '../../ui/toasts/toast';
import { AgainDialog } from './again/AgainDialog';
import { isFinal } from './figures';
import { chooseOnly, useRunsView } from './view';

/** Runs in one request. */
const MOST = 200;

/** What can be done with the runs that were selected, of those that are shown. */
export function Chosen({ runs }: { runs: RunView[] }) {
  const chosen = useRunsView((state) => state.chosen);
  const client = useQueryClient();
  // What was asked about: another selection is asked about anew.
  const [asked, setAsked] = useState('');
  const done = (words: string) => {
    if (words) toast({ words });
    setAsked('');
    chooseOnly([]);
    // Older runs are kept in pages of their own.
    void client.invalidateQueries({ queryKey: ['run_pages'] });
  };
  const [asking, setAsking] = useState(false);
  const remove = useDo('run_delete', { touches: ['run_list', 'chain_list', 'health'], onSuccess: ({ deleted, needed }) => done([t('runs.list.deleted', { count: deleted }), needed > 0 ? t('runs.list.needed', { count: needed }) : ''].filter(Boolean).join('. ')) });
  // What is not there any more, or out of sight, is not chosen.
  const own = runs.filter((run) => chosen.has(run.id));
  const over = own.filter((run) => isFinal(run.state));
  const ids = over.map((run) => run.id);
  const sure = asked !== '' && asked === ids.join(' ');
  useShortcuts({ Escape: () => done('') }, own.length > 0);
  if (own.length === 0) return null;
  return (
    <div className="runs-chosen" role="toolbar" aria-label={t('runs.list.chosen', { count: own.length })}>
      <span className="figures">{t('runs.list.chosen', { count: own.length })}</span>
      <Button size="xs" leftSection={<RotateCcw size={14} aria-hidden />} disabled={own.length > MOST} onClick={() => setAsking(true)}>
        {t('runs.list.again')}
      </Button>
      <Button
        size="xs"
        color={sure ? 'var(--bad)' : undefined}
        variant={sure ? 'filled' : 'default'}
        leftSection={<Trash2 size={14} aria-hidden />}
        loading={remove.isPending}
        disabled={over.length === 0}
        onClick={() => (sure ? remove.mutate({ runs: ids }) : setAsked(ids.join(' ')))}
      >
        {sure ? t('runs.list.deleteSure', { count: over.length }) : t('runs.list.delete')}
      </Button>
      <Button size="xs" variant="subtle" onClick={() => done('')}>
        {t('runs.list.none')}
      </Button>
      {remove.isError && <ProblemBlock problem={toProblem(remove.error)} />}
      {asking && (
        <AgainDialog
          runs={own}
          onDone={() => {
            setAsking(false);
            done(t('runs.again.started', { count: own.length }));
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
