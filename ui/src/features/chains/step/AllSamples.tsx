import { Button } from '@mantine/core';
import { ListChecks } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { send } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';

interface Found {
  fit: number;
  /** What does not, each said once: the field and why. */
  trouble: Map<string, number>;
}

/** Says how many of the samples convert, and what keeps the others from it. */
export function AllSamples({ chain, step, run, samples, children }: { chain: string; step: string; run: string | undefined; samples: number; children: ReactNode }) {
  const [found, setFound] = useState<Found>();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>();
  const check = async () => {
    setBusy(true);
    setRefused(undefined);
    try {
      const answers = await Promise.all(Array.from({ length: samples }, (_, sample) => send('chain_fields', { chain, step, sample, signal: null, run: run ?? null })));
      const trouble = new Map<string, number>();
      let fit = 0;
      for (const { fields } of answers) {
        const bad = fields.targets.filter((field) => field.trouble !== null);
        if (bad.length === 0) fit += 1;
        for (const field of bad) {
          const words = `${field.label}: ${field.trouble ?? ''}`;
          trouble.set(words, (trouble.get(words) ?? 0) + 1);
        }
      }
      setFound({ fit, trouble });
    } catch (error) {
      setRefused(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack tight">
      <div className="row">
        <Button size="xs" leftSection={<ListChecks size={14} aria-hidden />} loading={busy} onClick={() => void check()}>
          {t('chains.map.checkAll', { count: samples })}
        </Button>
        {children}
        <span className={found && found.fit < samples ? 'meta warn' : 'meta'} role="status">
          {found && t('chains.map.fit', { fit: found.fit, of: samples })}
        </span>
      </div>
      {found && found.trouble.size > 0 && (
        <ul className="effects meta">
          {[...found.trouble].slice(0, 5).map(([words, count]) => (
            <li key={words}>
              {visible(words)} ({count})
            </li>
          ))}
        </ul>
      )}
      {refused !== undefined && <ProblemBlock problem={toProblem(refused)} />}
    </div>
  );
}
