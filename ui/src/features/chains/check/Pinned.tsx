import { Button } from '@mantine/core';
import { Pin } from 'lucide-react';

import type { Chain } from '../../../bindings/wire';
import { useDo, useRead } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { allSteps } from '../flow/outline';
import type { Tools } from '../useTools';

/** Reminds of what is pinned: no run reads it. */
export function Pinned({ chainId, chain, tools }: { chainId: string | undefined; chain: Chain; tools: Tools }) {
  const pins = useRead('pin_list', { chain: chainId ?? '' }, { enabled: chainId !== undefined });
  const drop = useDo('step_unpin', { touches: ['pin_list', 'pin_show', 'chain_fields'] });
  const steps = allSteps(chain).filter((step) => pins.data?.pins.some((pin) => pin.step === step.id));
  if (chainId === undefined || steps.length === 0) return null;
  return (
    <section className="card findings" aria-label={t('chains.checks.pinned')}>
      <h3 className="row">
        <span className="pill idle">
          <Pin size={14} aria-hidden />
          {t('chains.checks.pinned')} ({steps.length})
        </span>
      </h3>
      <p className="meta">{t('chains.checks.pinnedAbout')}</p>
      {steps.map((step) => (
        <div key={step.id} className="spread">
          <span className="cut">{visible(tools.name(step))}</span>
          <Button size="compact-xs" variant="subtle" aria-label={`${t('chains.data.unpin')}: ${visible(tools.name(step))}`} onClick={() => drop.mutate({ chain: chainId, step: step.id })}>
            {t('chains.data.unpin')}
          </Button>
        </div>
      ))}
    </section>
  );
}
