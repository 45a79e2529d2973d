import { Switch } from '@mantine/core';

import type { WebhookView } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { CopyField } from '../connect/signIn/CopyField';
import { Deliveries } from './Deliveries';
import { Secret } from './Secret';
import { Subscription } from './Subscription';
import { TestEvent } from './TestEvent';
import { TOUCHES } from './touches';
import '../connect/connect.css';
import '../connections/connections.css';
import './webhook.css';

/** What a tool sends by itself: its address, its secret, a test event, and what came. */
export function WebhookPanel({ name }: { name: string }) {
  const webhook = useRead('webhook_show', { name });
  return (
    <section className="card wh-panel" aria-labelledby="wh-title">
      <h3 id="wh-title">{t('webhook.title')}</h3>
      <Read read={webhook} rows={3} shape="facts">
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
          <TestEvent view={view} name={name} />
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
