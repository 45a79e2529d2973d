import { Button, Switch, TextInput } from '@mantine/core';
import { CheckCircle2, Grid2x2, Loader, Radio, Workflow } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';

import type { ConnectionView, ConnectorDetail, Problem } from '../../bindings/wire';
import { send } from '../../engine';
import { formatCount, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { useDetailTab } from '../connections/tabs';
import { WebhookPanel } from '../webhook/WebhookPanel';
import { fieldId, type Draft } from './draft';
import type { Mistakes } from './settings';

interface Props {
  draft: Draft;
  detail: ConnectorDetail;
  replacing: boolean;
  mistakes: Mistakes;
  problem: Problem | undefined;
  onChange: (part: Partial<Draft>) => void;
  onFix: (problem: Problem) => void;
}

/** Step 4: what it is called and whether it begins now. */
export function DoneStep({ draft, detail, replacing, mistakes, problem, onChange, onFix }: Props) {
  return (
    <>
      {replacing ? (
        <p>{t('connect.replaceReady')}</p>
      ) : (
        <TextInput
          id={fieldId('name')}
          data-first
          label={t('connect.name')}
          description={t('connect.nameHelp')}
          maxLength={80}
          autoComplete="off"
          spellCheck={false}
          value={draft.name}
          error={mistakes['name']}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
      {!replacing && detail.streams.length > 0 && (
        <Switch
          size="sm"
          label={t('connect.syncNow')}
          description={t('connect.syncNowHelp')}
          checked={draft.syncNow}
          onChange={(event) => onChange({ syncNow: event.currentTarget.checked })}
        />
      )}
      {!replacing && <Gives detail={detail} />}
      {problem && <ProblemBlock problem={problem} onFix={() => onFix(problem)} />}
    </>
  );
}

/** What one gets by it: what comes in, and what chains can do there. */
function Gives({ detail: { streams, operations, webhook } }: { detail: ConnectorDetail }) {
  const changing = operations.filter((operation) => operation.effect).length;
  const comes = streams.map((stream) => visible(stream.title));
  return (
    <dl className="facts">
      <dt>{t('connect.gives.signals')}</dt>
      <dd>{comes.length > 0 ? comes.join(', ') : t(webhook ? 'connect.gives.sent' : 'connect.gives.none')}</dd>
      <dt>{t('connect.gives.actions')}</dt>
      <dd>{operations.length === 0 ? t('connect.gives.noActions') : t(changing > 0 ? 'connect.gives.count' : 'connect.gives.reading', { all: formatCount(operations.length), changing: formatCount(changing) })}</dd>
    </dl>
  );
}

/** It is connected: what came in so far, and where to go. */
export function WhatNext({ made, replaced, signedIn, sync, streams, webhook, onUse, onClose }: { made: ConnectionView; replaced: boolean; signedIn: boolean; sync: boolean; streams: boolean; webhook: boolean; onUse?: ((name: string) => void) | undefined; onClose: () => void }) {
  const [, go] = useLocation();
  const [said, setSaid] = useState(t(sync ? 'connect.syncing' : 'connect.ready'));
  const [skipped, setSkipped] = useState(false);
  const begun = useRef(false);
  useEffect(() => {
    if (!sync || begun.current) return;
    begun.current = true;
    send('connection_sync', { name: made.name }).then(
      ({ streams }) => {
        const count = streams.reduce((sum, stream) => sum + stream.new, 0);
        setSaid(count > 0 ? t('connect.synced', { count }) : t('connect.syncedNothing'));
      },
      (error: unknown) => setSaid(t('connect.syncFailed', { title: toProblem(error).title })),
    );
  }, [sync, made.name]);
  const leave = (place: string) => {
    onClose();
    go(place);
  };
  const name = visible(made.name);
  return (
    <div className="cw-made">
      <CheckCircle2 size={28} aria-hidden className="mark ok" />
      <h3>{t(replaced ? (signedIn ? 'signIn.reconnected' : 'connect.replaced') : 'connect.connected', { name })}</h3>
      <p className="cw-made-said" role="status">
        {said === t('connect.syncing') && <Loader size={14} aria-hidden className="turning" />}
        {replaced ? t(signedIn ? 'signIn.reconnectedBody' : 'connect.replacedBody') : visible(said)}
      </p>
      {!replaced && webhook && !skipped && (
        <div className="cw-webhook">
          <WebhookPanel name={made.name} />
          <Button size="xs" onClick={() => setSkipped(true)}>
            {t('webhook.later')}
          </Button>
        </div>
      )}
      {!replaced && <h4>{t('connect.whatNext')}</h4>}
      <div className="row">
        {replaced ? (
          <Button data-first variant="filled" onClick={onClose}>
            {t('common.close')}
          </Button>
        ) : (
          <Button
            data-first
            variant="filled"
            leftSection={<Workflow size={16} aria-hidden />}
            onClick={() => {
              if (!onUse) return leave('/chains/new');
              onClose();
              onUse(made.name);
            }}
          >
            {t(onUse ? 'connect.useInThisChain' : 'connect.useInChain')}
          </Button>
        )}
        {!onUse && (streams || webhook) && <Button leftSection={<Radio size={16} aria-hidden />} onClick={() => {
            useDetailTab.setState({ tab: 'data' });
            leave(`/connections/${encodeURIComponent(made.name)}`);
          }}>
          {t('connect.seeSignals')}
        </Button>}
        {!replaced && !onUse && (
          <Button leftSection={<Grid2x2 size={16} aria-hidden />} onClick={() => leave('/catalogue')}>
            {t('connect.connectAnother')}
          </Button>
        )}
      </div>
    </div>
  );
}
