import '../connect/connect.css';

import { Lock, ShieldCheck } from 'lucide-react';

import type { ConnectionView } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';

/** Where a connection's key may go. */
export function Origins({ connection }: { connection: ConnectionView }) {
  return (
    <section className="card">
      <h3>{t('connections.setUp.origins')}</h3>
      <p className="meta">{connection.origins.length > 0 ? t('connections.setUp.originsHelp') : t('connections.setUp.noOrigins')}</p>
      <ul className="cn-origins">
        {connection.origins.map((origin) => (
          <li key={origin}>
            <ShieldCheck size={14} aria-hidden className="mark ok" />
            <span className="mono">{visible(origin)}</span>
          </li>
        ))}
      </ul>
      {connection.auth !== null && (
        <p className="cw-locked">
          <Lock size={14} aria-hidden />
          {t('connect.locked')}
        </p>
      )}
    </section>
  );
}
