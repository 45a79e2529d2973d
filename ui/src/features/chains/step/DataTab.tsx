import { ActionIcon, Button } from '@mantine/core';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useState } from 'react';

import type { ItemData } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { Read } from '../../../ui/Read';
import { OnlyThis } from './OnlyThis';
import { mayChange } from '../useTools';
import type { StepProps } from './StepPanel';

/** What went in and came out of this step in the chain's last run, item by item. */
export function DataTab({ chainId, step, tools, run, opening: { item }, flush, onRun }: StepProps) {
  const runs = useRead('run_list', { offset: 0, limit: 50 }, { enabled: run === undefined });
  const shown = run ?? runs.data?.runs.find((r) => r.chainId === chainId)?.id;
  const data = useRead('run_data', { run: shown ?? '', step: step.id }, { enabled: shown !== undefined });
  const effect = mayChange(step, tools);
  return (
    <>
      {chainId && <OnlyThis chain={chainId} step={step.id} effect={effect} flush={flush} onRun={onRun} />}
      {shown === undefined ? (
        runs.isSuccess && <p className="meta tab-note">{t('chains.data.none')}</p>
      ) : (
        <Read read={data} rows={3}>
          {({ items, total }) => (items.length === 0 ? <p className="meta tab-note">{t('chains.data.none')}</p> : <Items items={items} total={total} first={item} />)}
        </Read>
      )}
    </>
  );
}

function Items({ items, total, first }: { items: ItemData[]; total: number; first: number | undefined }) {
  const [at, setAt] = useState(() => Math.max(items.findIndex((item) => item.item === first), 0));
  const item = items[Math.min(at, items.length - 1)];
  if (!item) return null;
  const outcome = item.outcome;
  return (
    <div className="stack tab-note">
      <div className="spread">
        <span className="meta">{t('chains.data.lastRun')}</span>
        {items.length > 1 && (
          <span className="row nowrap meta figures">
            <ActionIcon size={26} aria-label={t('chains.data.previous')} disabled={at === 0} onClick={() => setAt(at - 1)}>
              <ChevronLeft size={14} />
            </ActionIcon>
            {t('chains.data.item', { at: at + 1, of: total })}
            <ActionIcon size={26} aria-label={t('chains.data.next')} disabled={at >= items.length - 1} onClick={() => setAt(at + 1)}>
              <ChevronRight size={14} />
            </ActionIcon>
          </span>
        )}
      </div>
      <Json title={t('chains.data.in')} value={item.request ? (item.request.body ?? `${item.request.method} ${item.request.url}`) : undefined} none={t('chains.data.nothingSent')} />
      {outcome && 'problem' in outcome ? (
        <ProblemBlock problem={outcome.problem} alert={false} />
      ) : outcome?.outcome === 'skipped' ? (
        <p className="meta">{t('chains.data.skipped')}</p>
      ) : (
        <Json title={t('chains.data.out')} value={outcome?.outcome === 'done' ? outcome.output : undefined} none={t('chains.data.noOutput')} />
      )}
    </div>
  );
}

/** At most so many characters are put on the screen. */
const LONGEST = 200_000;

function Json({ title, value, none }: { title: string; value: unknown; none: string }) {
  const text = value === undefined || value === null ? undefined : typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <section aria-label={title}>
      <div className="spread">
        <h3>{title}</h3>
        {text && (
          <Button size="compact-xs" variant="subtle" onClick={() => void navigator.clipboard.writeText(text)}>
            {t('chains.data.copyValue')}
          </Button>
        )}
      </div>
      {text ? (
        <pre className="json" tabIndex={0}>
          {visible(text.slice(0, LONGEST)).split('\r').join('')}
        </pre>
      ) : (
        <p className="meta">{none}</p>
      )}
    </section>
  );
}
