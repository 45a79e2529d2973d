import './checklist.css';

import { CheckCircle2, Circle, X } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';

import { useRead } from '../../engine';
import { t } from '../../lib/words';
import { FIRST_STEPS, firstSteps } from './progress';
import { sandboxChain } from './sandbox';

const DISMISSED = 'patchbay-checklist-dismissed';
const WHERE: Record<(typeof FIRST_STEPS)[number], string> = { sandbox: '/start', run: '/chains', connect: '/catalogue', build: '/chains/new' };

/** Four first steps at the bottom of the sidebar, until they are done or hidden. */
export function Checklist() {
  const [dismissed, setDismissed] = useState(() => localStorage.getItem(DISMISSED) !== null);
  if (dismissed) return null;
  return (
    <Steps
      onDismiss={() => {
        localStorage.setItem(DISMISSED, 'yes');
        setDismissed(true);
      }}
    />
  );
}

function Steps({ onDismiss }: { onDismiss: () => void }) {
  const connections = useRead('connection_list', { offset: 0, limit: 200 });
  const catalogue = useRead('catalogue_list', {});
  const chains = useRead('chain_list', {});
  const runs = useRead('run_list', { offset: 0, limit: 1 });
  if (!connections.data || !catalogue.data || !chains.data || !runs.data) return null;
  const done = firstSteps({
    connectors: connections.data.connections.map((c) => c.connector),
    sandbox: new Set(catalogue.data.connectors.filter((c) => c.sandbox).map((c) => c.id)),
    chains: chains.data.chains.map((c) => c.id),
    sandboxChain: sandboxChain(),
    runs: runs.data.total,
  });
  const count = FIRST_STEPS.filter((step) => done[step]).length;
  if (count === FIRST_STEPS.length) return null;
  return (
    <section className="checklist" aria-label={t('start.checklist.title')}>
      <div className="checklist-head">
        <h2>{t('start.checklist.title')}</h2>
        <span className="meta figures">{t('start.checklist.progress', { done: count, total: FIRST_STEPS.length })}</span>
        <button type="button" className="checklist-close" aria-label={t('start.checklist.dismiss')} title={t('start.checklist.dismiss')} onClick={onDismiss}>
          <X size={14} aria-hidden />
        </button>
      </div>
      <ul>
        {FIRST_STEPS.map((step) => {
          const Icon = done[step] ? CheckCircle2 : Circle;
          const item = t(`start.checklist.${step}`);
          return (
            <li key={step}>
              <Link href={WHERE[step]} className={done[step] ? 'checklist-item done' : 'checklist-item'} aria-label={done[step] ? t('start.checklist.done', { item }) : undefined}>
                <Icon size={14} aria-hidden className={done[step] ? 'mark ok' : 'mark idle'} />
                <span className="cut">{item}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
