import { Button } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';

import { t } from '../lib/words';
import { Outline, type Shape } from './Outline';
import { FailedRead } from './ProblemBlock';

/** What a read shows while it loads, when it fails and when it is there. */
export function Read<T>({ read, rows = 4, shape = 'lines', children }: { read: UseQueryResult<T>; rows?: number; shape?: Shape; children: (data: T) => ReactNode }) {
  if (read.data !== undefined) return <>{children(read.data)}</>;
  if (read.isError) return <FailedRead error={read.error} onRetry={() => void read.refetch()} />;
  return <Loading rows={rows} shape={shape} onRetry={() => void read.refetch()} />;
}

/** What stands beside the main thing and could not be read: said once, with a way to read it again. Old data stays. */
export function Unread({ reads, className }: { reads: readonly UseQueryResult<unknown>[]; className?: string }) {
  const failed = reads.filter((read) => read.isError && read.data === undefined);
  if (failed.length === 0) return null;
  return (
    <div className={className}>
      <FailedRead error={failed[0]?.error} onRetry={() => failed.forEach((read) => void read.refetch())} />
    </div>
  );
}

/** Nothing at first, then the outline of what comes; after a while a way to try again. */
export function Loading({ rows, shape = 'lines', onRetry }: { rows: number; shape?: Shape; onRetry: () => void }) {
  const [age, setAge] = useState<'new' | 'short' | 'long'>('new');
  useEffect(() => {
    const short = setTimeout(() => setAge('short'), 150);
    const long = setTimeout(() => setAge('long'), 5_000);
    return () => {
      clearTimeout(short);
      clearTimeout(long);
    };
  }, []);
  if (age === 'new') return null;
  return (
    <div className="loading" aria-busy="true">
      <Outline shape={shape} rows={rows} />
      {age === 'long' && (
        <div className="row" role="status">
          {t('common.stillLoading')}
          <Button size="xs" onClick={onRetry}>
            {t('common.tryAgain')}
          </Button>
        </div>
      )}
    </div>
  );
}
