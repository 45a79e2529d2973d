import { Button } from '@mantine/core';
import { History } from 'lucide-react';

import { useStale } from '../engine/stale';
import { formatAgo } from '../lib/format';
import { t } from '../lib/words';
import { useNow } from './useNow';

/** How old the page is, where it could not be read again. */
export function Stale() {
  const stale = useStale();
  const now = useNow(stale ? 5_000 : undefined);
  return (
    <span className="stale" role="status" data-testid="stale">
      {stale && (
        <>
          <History size={14} aria-hidden />
          {t('common.updated', { ago: formatAgo(new Date(stale.since).toISOString(), now) })}
          <Button size="compact-xs" variant="subtle" onClick={stale.readAgain}>
            {t('common.tryAgain')}
          </Button>
        </>
      )}
    </span>
  );
}
