import { Button, useMantineColorScheme } from '@mantine/core';
import { useNetwork } from '@mantine/hooks';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';

import type { QueueView } from '../bindings/wire';
import { useDo, useEngineState, useRead } from '../engine';
import { formatAgo } from '../lib/format';
import { gatewayWord } from '../features/webhook/gatewayWord';
import { t, type WordKey } from '../lib/words';
import { THEMES } from './themes';

const StatusDetail = lazy(() => import('./StatusDetail'));
const ThemeChoice = lazy(() => import('./ThemeChoice'));

/** What is going on, at the bottom. Each part opens its detail. */
export function StatusBar({ onHelp }: { onHelp: () => void }) {
  const health = useRead('health', {});
  const broken = useEngineState((state) => state.broken);
  const { online } = useNetwork();
  const [, go] = useLocation();
  const status = useRead('secrets_status', {}).data;
  const secrets = status?.state ?? health.data?.secrets;
  const words = status?.store === 'passphrase' ? 'keysPassphrase' : 'keys';
  const active = health.data?.runsActive ?? 0;
  return (
    <footer className="status" aria-label={t('shell.statusBar')} data-region>
      <Part
        label={
          <>
            <span className={broken ? 'dot bad' : 'dot ok'} aria-hidden />
            {t(broken ? 'shell.engineOff' : 'shell.engineOn')}
          </>
        }
      >
        {broken ? t('shell.engineOffBody') : t('shell.version', { version: health.data?.version ?? '' })}
        {health.data && [...health.data.storage, ...(health.data.network ? [health.data.network] : [])].map((problem) => <p key={problem.code}>{`${problem.title}. ${problem.hint}`}</p>)}
      </Part>
      <Part label={t(online ? 'shell.online' : 'shell.offline')}>{t(online ? 'shell.onlineAbout' : 'shell.offlineBody')}</Part>
      {/* Nothing is said of it before it is known. */}
      {secrets !== undefined && <Part label={t(`shell.${words}.${secrets}` as WordKey)}>{t(`shell.${words}About.${secrets}` as WordKey)}</Part>}
      <Gateway />
      <button type="button" className="status-part" onClick={() => go('/runs')}>
        {active > 0 ? t('shell.activeRuns', { count: active }) : t('shell.noRuns')}
      </button>
      <NextPoll />
      <span className="status-end">
        <Theme />
        <button type="button" className="status-part" onClick={onHelp}>
          <span className="status-word">{t('shell.help')}</span> <kbd>?</kbd>
        </button>
      </span>
    </footer>
  );
}

/** When something is read next, and what background work there is. */
function NextPoll() {
  const stats = useRead('queue_stats', {}, { every: 30_000 }).data;
  const sum = (of: (queue: QueueView) => number) => (stats?.queues ?? []).reduce((all, queue) => all + of(queue), 0);
  const next = stats?.nextSyncAt;
  const figures = { waiting: sum((queue) => queue.depth), running: sum((queue) => queue.running), dead: sum((queue) => queue.dead) };
  const resume = useDo('sync_pause_all', { touches: ['queue_stats'] });
  if (stats?.syncPaused) {
    return (
      <Part label={t('shell.syncPaused')}>
        <p>{t('shell.syncPausedAbout')}</p>
        <Button size="xs" mt={8} loading={resume.isPending} onClick={() => resume.mutate({ paused: false })}>
          {t('shell.resumeSync')}
        </Button>
      </Part>
    );
  }
  return (
    <Part label={next ? t('shell.nextPoll', { ago: formatAgo(next) }) : t('shell.noPoll')}>
      <p>{t(next ? 'shell.pollAbout' : 'shell.noPollAbout', figures)}</p>
      <Button size="xs" mt={8} loading={resume.isPending} onClick={() => resume.mutate({ paused: true })}>
        {t('shell.pauseSync')}
      </Button>
    </Part>
  );
}

/** A part that opens its detail. What draws the detail is fetched when it is first wanted. */
function Part({ label, children }: { label: ReactNode; children: ReactNode }) {
  const [open, setOpen] = useState<boolean>();
  const button = (
    <button type="button" className="status-part" aria-expanded={open ?? false} onClick={() => setOpen(!open)}>
      {label}
    </button>
  );
  if (open === undefined) return button;
  return (
    <Suspense fallback={button}>
      <StatusDetail open={open} setOpen={setOpen} target={button}>
        {children}
      </StatusDetail>
    </Suspense>
  );
}

/** Where webhooks are taken, once a connection has one; its detail leads to what can be set. */
function Gateway() {
  const gateway = useRead('gateway_show', {}).data;
  const [, go] = useLocation();
  if (!gateway) return null;
  const { problem } = gateway;
  return (
    <Part label={gatewayWord(gateway)}>
      <p>{problem ? `${problem.title}. ${problem.hint}` : t(gateway.listening === null ? 'webhook.waitsAbout' : 'webhook.gatewayAbout')}</p>
      <Button size="xs" mt={8} onClick={() => go('/settings/gateway')}>
        {t('webhook.gateway')}
      </Button>
    </Part>
  );
}

function Theme() {
  const { colorScheme } = useMantineColorScheme();
  return (
    <Part label={`${t('shell.theme')}: ${t(THEMES[colorScheme])}`}>
      <ThemeChoice />
    </Part>
  );
}
