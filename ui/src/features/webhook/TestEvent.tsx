import { useState } from 'react';

import type { WebhookTested, WebhookView } from '../../bindings/wire';
import { useDo } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { BusyButton } from '../../ui/BusyButton';

/** An event through the gateway that leaves nothing behind. */
export function TestEvent({ view, name }: { view: WebhookView; name: string }) {
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
