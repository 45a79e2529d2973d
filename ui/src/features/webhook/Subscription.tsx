import type { WebhookView } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { useNoReach } from '../../ui/reach';
import { BusyButton } from '../../ui/BusyButton';

/** Whether the tool was told this address by a call, for tools that can be told so. */
export function Subscription({ view, name }: { view: WebhookView; name: string }) {
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
