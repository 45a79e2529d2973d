import { Button } from '@mantine/core';
import { useState } from 'react';

import type { ItemData, RunDataResponse } from '../../../bindings/wire';
import { send, useRead } from '../../../engine';
import { t } from '../../../lib/words';
import { Read } from '../../../ui/Read';
import { PinPart } from '../data/PinPart';
import { StepItems } from '../data/StepItems';
import { mayChange } from '../useTools';
import { OnlyThis } from './OnlyThis';
import type { StepProps } from './StepPanel';

/** What went in and came out of this step: what is pinned of it, else in the run that is shown, else in the chain's last one. */
export function DataTab({ chainId, step, tools, run, sampleRun, opening: { item }, flush, onRun }: StepProps) {
  const [past, setPast] = useState(false);
  const runs = useRead('run_list', { offset: 0, limit: 50 }, { enabled: run === undefined && sampleRun === undefined });
  const last = run ?? sampleRun ?? runs.data?.runs.find((own) => own.chainId === chainId)?.id;
  const pins = useRead('pin_list', { chain: chainId ?? '' }, { enabled: chainId !== undefined });
  const pin = pins.data?.pins.find((own) => own.step === step.id);
  // Opened at an item of a run, it is that run that is looked at.
  const shown = pin?.holds === true && !past && item === undefined ? undefined : last;
  const isPinned = shown === undefined && pin?.holds === true;
  const data = useRead('run_data', { run: shown ?? '', step: step.id }, { enabled: shown !== undefined });
  const kept = useRead('pin_show', { chain: chainId ?? '', step: step.id }, { enabled: isPinned });
  const source = isPinned ? kept : data;
  const origin = isPinned ? t('chains.data.fromPin') : t(run !== undefined ? 'chains.data.thisRun' : sampleRun !== undefined ? 'chains.data.chosenRun' : 'chains.data.lastRun');
  return (
    <>
      {chainId && (
        <div className="row tab-note">
          <OnlyThis chain={chainId} step={step.id} run={sampleRun} effect={mayChange(step, tools)} flush={flush} onRun={onRun} />
          <PinPart chain={chainId} step={step.id} pin={pin} run={source.data && source.data.items.length > 0 ? shown : undefined} />
        </div>
      )}
      {shown === undefined && !isPinned ? (
        <Read read={runs} rows={3}>
          {() => <p className="meta tab-note">{t('chains.data.none')}</p>}
        </Read>
      ) : (
        <Read read={source} rows={3}>
          {({ items, total, private: fields, privacy, givenUnknown }) =>
            items.length === 0 ? (
              <p className="meta tab-note">{t('chains.data.none')}</p>
            ) : (
              <StepItems
                key={`${shown ?? 'pin'}`}
                items={items}
                total={total}
                first={item}
                path={`$.steps.${step.id}`}
                origin={origin}
                privates={{ fields, privacy }}
                givenUnknown={givenUnknown}
                outOnly={isPinned}
                file={`${step.id}.json`}
                all={() => everyItem((offset) => (shown === undefined ? send('pin_show', { chain: chainId ?? '', step: step.id, offset }) : send('run_data', { run: shown, step: step.id, offset, whole: true })))}
              />
            )
          }
        </Read>
      )}
      {pin?.holds === true && last !== undefined && item === undefined && (
        <Button size="compact-xs" variant="subtle" onClick={() => setPast(!past)}>
          {t(past ? 'chains.data.showPin' : 'chains.data.showRun')}
        </Button>
      )}
    </>
  );
}

/** All items of a step, answer by answer: each has as many as there is room for. */
async function everyItem(read: (offset: number) => Promise<RunDataResponse>): Promise<ItemData[]> {
  const items: ItemData[] = [];
  for (;;) {
    const page = await read(items.length);
    items.push(...page.items);
    if (page.items.length === 0 || items.length >= page.total) return items;
  }
}
