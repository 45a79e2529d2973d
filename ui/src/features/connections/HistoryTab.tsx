import { CheckCircle2, Info, XCircle } from 'lucide-react';

import type { ConnectionView, HistoryEntry } from '../../bindings/wire';
import { useRead } from '../../engine';
import { formatCount, formatMoment, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { Read } from '../../ui/Read';

/** What happened to a connection: tests, syncs, renewals, changes; the latest first. */
export function HistoryTab({ connection }: { connection: ConnectionView }) {
  const read = useRead('connection_history', { name: connection.name });
  return (
    <div className="cn-tab">
      <Read read={read} rows={4}>
        {(data) => <Entries entries={data.entries} />}
      </Read>
    </div>
  );
}

/** Events of a connection. */
export function Entries({ entries }: { entries: HistoryEntry[] }) {
  if (entries.length === 0) return <p className="meta">{t('connections.history.empty')}</p>;
  return (
    <ul className="cn-history" data-testid="history">
      {entries.map((entry, index) => (
        <Entry key={`${entry.at} ${index}`} entry={entry} />
      ))}
    </ul>
  );
}

function Entry({ entry }: { entry: HistoryEntry }) {
  const Icon = entry.ok === null ? Info : entry.ok ? CheckCircle2 : XCircle;
  const tone = entry.ok === null ? 'quiet' : entry.ok ? 'ok' : 'bad';
  return (
    <li>
      <Icon size={14} aria-hidden className={`mark ${tone}`} />
      <span className="cn-words">
        <span>
          {said(entry)}
          {entry.stream && <span className="meta"> · {visible(entry.stream)}</span>}
        </span>
        {entry.problem && <span className="meta">{`${visible(entry.problem.title)}. ${visible(entry.problem.hint)}`}</span>}
      </span>
      <time className="meta cn-when" dateTime={entry.at}>
        {formatMoment(entry.at)}
      </time>
    </li>
  );
}

function said({ what, count }: HistoryEntry): string {
  if (what === 'sync') return count ? t('connections.synced', { count, shown: formatCount(count) }) : t('connections.syncedNothing');
  const key = KNOWN[what];
  return key ? t(key) : what.replaceAll('_', ' ');
}

const act = (name: string): WordKey => `connections.history.act.${name}` as WordKey;
const KNOWN: Record<string, WordKey> = Object.fromEntries(
  [
    'connection_created', 'connection_changed', 'connection_renamed', 'connection_paused', 'connection_resumed', 'connection_tested',
    'connection_reconnected', 'connection_key_replaced', 'connection_approved', 'stream_set', 'sync_failed', 'sync_cancelled', 'sync_waits',
    'sync_page_halved', 'sync_retried', 'sync_stopped', 'sync_started_over', 'sync_recovered', 'settings_changed', 'renewal',
  ].map((name) => [name, act(name)]),
);
