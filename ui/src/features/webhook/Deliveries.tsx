import { Loader } from 'lucide-react';

import type { WebhookView } from '../../bindings/wire';
import { formatAgo, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';

/** So many deliveries are listed. */
const SHOWN = 8;

/** What came, and what was refused. */
export function Deliveries({ view }: { view: WebhookView }) {
  return (
    <div className="wh-came">
      {!view.hasReceived && (
        <p role="status" className="wh-waiting">
          <Loader size={14} aria-hidden className="turning" />
          {t('webhook.first')}
        </p>
      )}
      {view.deliveries.length > 0 && (
        <>
          <h4>{t('webhook.deliveries')}</h4>
          <ul className="wh-list">
            {view.deliveries.slice(0, SHOWN).map((one, index) => (
              <li key={`${one.at}-${index}`}>
                <span className="meta">{formatAgo(one.at)}</span>
                <span className="grow">{visible(one.kinds.join(', ')) || t('webhook.event')}</span>
                <span>{outcome(one)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {view.refused.length > 0 && (
        <>
          <h4>{t('webhook.refused')}</h4>
          <ul className="wh-list">
            {view.refused.map((one) => (
              <li key={one.reason}>
                <span className="meta">{formatAgo(one.lastAt)}</span>
                <span className="grow">{t(`webhook.reason.${one.reason}` as WordKey)}</span>
                <span>{one.count}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function outcome({ state, signals, test }: WebhookView['deliveries'][number]): string {
  if (test) return t('webhook.wasTest');
  if (state === 'done' && signals > 0) return t('webhook.signals', { count: signals });
  return t(`webhook.state.${state}` as WordKey);
}
