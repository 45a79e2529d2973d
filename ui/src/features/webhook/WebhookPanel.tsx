import { Button, PasswordInput, Switch } from '@mantine/core';
import { Loader } from 'lucide-react';
import { useState } from 'react';

import type { WebhookTested, WebhookView } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { formatAgo, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { useNoReach } from '../../ui/reach';
import { BusyButton } from '../connect/BusyButton';
import { CopyField } from '../connect/signIn/CopyField';
import { Deliveries } from './Deliveries';
import '../connect/connect.css';
import '../connections/connections.css';
import './webhook.css';

const TOUCHES = ['webhook_show', 'gateway_show'] as const;

/** What a tool sends by itself: its address, its secret, a test event, and what came. */
export function WebhookPanel({ name }: { name: string }) {
  const webhook = useRead('webhook_show', { name });
  return (
    <section className="card wh-panel" aria-labelledby="wh-title">
      <h3 id="wh-title">{t('webhook.title')}</h3>
      <Read read={webhook} rows={3}>
        {(view) => <Parts view={view} name={name} />}
      </Read>
    </section>
  );
}

function Parts({ view, name }: { view: WebhookView; name: string }) {
  const enable = useDo('webhook_enable', { touches: [...TOUCHES] });
  const tool = visible(view.tool);
  return (
    <>
      <p className="meta">{t('webhook.about', { tool })}</p>
      {view.unverified !== null && <p className="cn-warned">{t('webhook.unverified', { because: visible(view.unverified) })}</p>}
      <Switch
        size="sm"
        label={t('webhook.enabled')}
        checked={view.enabled}
        disabled={enable.isPending}
        onChange={(event) => enable.mutate({ name, enabled: event.currentTarget.checked })}
      />
      {enable.isError && <ProblemBlock problem={toProblem(enable.error)} />}
      {view.enabled && (
        <>
          <Gateway view={view} />
          {view.instructions.length > 0 && (
            <ol className="wh-steps">
              {view.instructions.map((step) => (
                <li key={step}>{visible(step)}</li>
              ))}
            </ol>
          )}
          <Address view={view} />
          {view.secret.source !== null && <Secret view={view} name={name} />}
          {view.canSubscribe && <Subscription view={view} name={name} />}
          <Test view={view} name={name} />
          <Deliveries view={view} />
        </>
      )}
    </>
  );
}

/** Whether anything can arrive at all. */
function Gateway({ view }: { view: WebhookView }) {
  const { problem, listening, enabled } = view.gateway;
  if (problem) return <ProblemBlock problem={problem} />;
  if (!enabled) return <p className="cn-warned">{t('webhook.gatewayOff')}</p>;
  return listening === null ? <p className="meta">{t('webhook.gatewayLater')}</p> : null;
}

function Address({ view }: { view: WebhookView }) {
  const address = view.publicUrl ?? view.localUrl;
  if (address === null) return null;
  return (
    <>
      <CopyField label={t('webhook.address')} text={address} button={t('webhook.copy')} />
      {view.publicUrl === null && <p className="meta">{t(view.signsAddress ? 'webhook.localSigned' : 'webhook.local')}</p>}
    </>
  );
}

function Secret({ view, name }: { view: WebhookView; name: string }) {
  const [typed, setTyped] = useState('');
  const [made, setMade] = useState<string>();
  const set = useDo('webhook_secret', {
    touches: [...TOUCHES],
    onSuccess: (answer) => {
      setTyped('');
      setMade(answer.made ?? undefined);
    },
  });
  const end = useDo('webhook_end_previous', { touches: [...TOUCHES] });
  const wait = useDo('webhook_wait', { touches: [...TOUCHES] });
  const captured = useDo('webhook_captured', { touches: [], onSuccess: (answer) => setMade(answer.secret) });
  const { source, setAt, previousUntil, waitingUntil, canShow, label, helpText } = view.secret;
  const keep = setAt === null ? null : 24;
  return (
    <div className="wh-secret">
      <h4>{visible(label)}</h4>
      <p className="meta" data-testid="webhook-secret">
        {setAt === null ? t('webhook.noSecret') : t('webhook.secretSet', { ago: formatAgo(setAt) })}
      </p>
      {made !== undefined && (
        <div className="wh-made" role="status">
          <CopyField label={t(source === 'captured' ? 'webhook.cameOnce' : 'webhook.madeOnce')} text={made} button={t('webhook.copy')} />
          <Button size="xs" onClick={() => setMade(undefined)}>
            {t('webhook.madeKept')}
          </Button>
        </div>
      )}
      {source === 'generated' && (
        <BusyButton busy={set.isPending} onClick={() => set.mutate({ name, keepPreviousHours: keep })}>
          {t(setAt === null ? 'webhook.make' : 'webhook.makeAnother')}
        </BusyButton>
      )}
      {source === 'answered' && setAt === null && <p className="meta">{t('webhook.answered', { tool: visible(view.tool) })}</p>}
      {(source === 'entered' || source === 'answered') && (
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (typed.trim()) set.mutate({ name, secret: typed, keepPreviousHours: keep });
          }}
        >
          <PasswordInput
            className="grow"
            label={t('webhook.enter', { label: visible(label) })}
            description={helpText === null ? undefined : visible(helpText)}
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <BusyButton type="submit" busy={set.isPending} disabled={!typed.trim()}>
            {t('common.save')}
          </BusyButton>
        </form>
      )}
      {source === 'captured' &&
        (waitingUntil === null ? (
          <BusyButton busy={wait.isPending} onClick={() => wait.mutate({ name })}>
            {t('webhook.wait')}
          </BusyButton>
        ) : (
          <p role="status">
            <Loader size={14} aria-hidden className="turning" /> {t('webhook.waiting', { tool: visible(view.tool) })}
          </p>
        ))}
      {canShow && made === undefined && (
        <BusyButton busy={captured.isPending} onClick={() => captured.mutate({ name })}>
          {t('webhook.showCaptured')}
        </BusyButton>
      )}
      {previousUntil !== null && (
        <div className="row">
          <span className="meta">{t('webhook.previous', { until: new Date(previousUntil).toLocaleString() })}</span>
          <BusyButton size="xs" busy={end.isPending} onClick={() => end.mutate({ name })}>
            {t('webhook.endPrevious')}
          </BusyButton>
        </div>
      )}
      {[set, end, wait, captured].map((one, index) => one.isError && <ProblemBlock key={index} problem={toProblem(one.error)} />)}
    </div>
  );
}

/** Whether the tool was told this address by a call, for tools that can be told so. */
function Subscription({ view, name }: { view: WebhookView; name: string }) {
  const subscribe = useDo('webhook_subscribe', { touches: ['webhook_show'] });
  const end = useDo('webhook_unsubscribe', { touches: ['webhook_show'] });
  const tool = visible(view.tool);
  const noReach = useNoReach(useRead('connection_show', { name }).data?.origins);
  const { subscription, secret } = view;
  // Where the tool itself brings the secret, it does so while it is told.
  const needsFirst = secret.setAt === null && (secret.source === 'generated' || secret.source === 'entered');
  return (
    <div className="wh-test">
      {subscription === null ? (
        <BusyButton busy={subscribe.isPending} disabled={needsFirst} why={noReach} onClick={() => subscribe.mutate({ name })}>
          {t('webhook.subscribe', { tool })}
        </BusyButton>
      ) : (
        <>
          <span role="status">
            {subscription.expiresAt === null ? t('webhook.subscribed', { tool }) : t('webhook.subscribedUntil', { tool, until: new Date(subscription.expiresAt).toLocaleString() })}
          </span>
          <BusyButton size="xs" busy={end.isPending} onClick={() => end.mutate({ name })}>
            {t('webhook.unsubscribe')}
          </BusyButton>
        </>
      )}
      {[subscribe, end].map((one, index) => one.isError && <ProblemBlock key={index} problem={toProblem(one.error)} />)}
    </div>
  );
}

function Test({ view, name }: { view: WebhookView; name: string }) {
  const [tested, setTested] = useState<WebhookTested>();
  const test = useDo('webhook_test', { touches: ['webhook_show'], onSuccess: setTested });
  if (!view.canTest) return <p className="meta">{t('webhook.cannotTest', { tool: visible(view.tool) })}</p>;
  return (
    <div className="wh-test">
      <BusyButton
        busy={test.isPending}
        onClick={() => {
          setTested(undefined);
          test.mutate({ name });
        }}
      >
        {t('webhook.test')}
      </BusyButton>
      <span role="status" data-testid="webhook-tested">
        {tested && said(tested)}
      </span>
      {test.isError && <ProblemBlock problem={toProblem(test.error)} />}
    </div>
  );
}

function said(tested: WebhookTested): string {
  if (!tested.accepted) return t('webhook.testRefused', { status: tested.status });
  const line = tested.summaries[0];
  return tested.signals > 0
    ? t('webhook.testSignals', { count: tested.signals, line: visible(line ?? '') })
    : t('webhook.testNothing');
}
