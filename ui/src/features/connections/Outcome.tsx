import { CheckCircle2, Loader, XCircle } from 'lucide-react';

import type { ConnectionView } from '../../bindings/wire';
import { formatAgo, formatMoment, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { CONNECTION, Pill } from '../../ui/states';
import { shownState, useWork, type Outcome } from './work';

/** The state of a connection, or what is done with it now. */
export function StatePill({ connection }: { connection: ConnectionView }) {
  const busy = useWork((state) => state.busy[connection.name]);
  if (busy === 'sync') return <Pill look={{ word: 'connections.syncing', tone: 'run', icon: Loader }} />;
  return <Pill look={CONNECTION[shownState(connection, busy)]} />;
}

/** What came of the last test or reading. */
export function OutcomeWord({ outcome }: { outcome: Outcome | undefined }) {
  if (!outcome) return null;
  const Icon = outcome.ok ? CheckCircle2 : XCircle;
  return (
    <span className={`cn-word ${outcome.ok ? 'ok' : 'bad'}`}>
      <Icon size={14} aria-hidden />
      {visible(outcome.text)}
    </span>
  );
}

/** When something is read next. */
export function NextSync({ connection }: { connection: ConnectionView }) {
  const at = connection.nextSyncAt;
  if (!at) return <span className="cn-quiet">{t('connections.noNext')}</span>;
  return (
    <time className="cn-quiet" dateTime={at} title={formatMoment(at)}>
      {formatAgo(at)}
    </time>
  );
}

/** What came of the last test or reading; when it was last read where nothing was done here. */
export function LastWord({ connection }: { connection: ConnectionView }) {
  const outcome = useWork((state) => state.outcome[connection.name]);
  if (outcome) return <OutcomeWord outcome={outcome} />;
  const at = connection.lastSyncAt;
  if (!at) return <span className="cn-quiet">{t('connections.neverSynced')}</span>;
  return (
    <time className="cn-quiet" dateTime={at} title={formatMoment(at)}>
      {formatAgo(at)}
    </time>
  );
}
