import { Button } from '@mantine/core';
import { Archive, ArchiveRestore, ExternalLink, Mail } from 'lucide-react';

import type { SignalView } from '../../bindings/wire';
import { useRead } from '../../engine';
import { formatMoment, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { platform } from '../../platform';
import { BrandMark } from '../../ui/BrandMark';
import { Panel } from '../../ui/Panel';
import { Read } from '../../ui/Read';
import { MASK } from '../chains/data/private';
import { useSummary } from '../connect/privates';
import { RawItem } from '../connect/RawItem';
import { SignalFacts } from '../connect/SignalPair';
import { useTools } from '../connections/useTools';
import { UseAsSample } from './UseAsSample';

interface Props {
  id: number;
  onClose: () => void;
  onOpen: (id: number) => void;
  onArchive: (signal: SignalView) => void;
  onUnread: (signal: SignalView) => void;
}

/** One signal: what it says, the item behind it, what it said before. */
export function SignalPanel({ id, onClose, onOpen, onArchive, onUnread }: Props) {
  const read = useRead('signal_show', { id }, { keep: true });
  const tools = useTools();
  const summary = useSummary(read.data?.signal);
  const signal = read.data?.signal;
  const tool = signal && tools.get(signal.connector);
  const url = signal?.url;
  return (
    <Panel
      icon={signal && <BrandMark icon={tool?.icon} name={tool?.name ?? signal.connector} size={28} />}
      title={visible(summary.text) || t('inbox.signal')}
      subtitle={signal && visible(signal.connectionName ?? t('inbox.connectionGone'))}
      onClose={onClose}
    >
      <Read read={read} rows={5} shape="facts">
        {({ signal, versions }) => (
          <div className="ib-detail">
            <div className="row">
              {url && (
                <Button size="xs" rightSection={<ExternalLink size={14} aria-hidden />} onClick={() => void platform.openUrl(url)}>
                  {t('inbox.openIn', { tool: tool?.name ?? signal.connector })}
                </Button>
              )}
              <Button size="xs" leftSection={signal.archived ? <ArchiveRestore size={14} aria-hidden /> : <Archive size={14} aria-hidden />} onClick={() => onArchive(signal)}>
                {t(signal.archived ? 'inbox.takeBack' : 'inbox.archive')}
              </Button>
              <Button size="xs" leftSection={<Mail size={14} aria-hidden />} onClick={() => onUnread(signal)}>
                {t(signal.unread ? 'inbox.markRead' : 'inbox.markUnread')}
              </Button>
              <UseAsSample signal={signal} />
            </div>
            <SignalFacts key={signal.id} signal={signal} raw={signal.raw} />
            {versions.length > 1 && (
              <section aria-label={t('inbox.versions')}>
                <h3>{t('inbox.versions')}</h3>
                <ul className="ib-versions">
                  {versions.map((version) => (
                    <li key={version.id}>
                      <button type="button" className="link-button cut" aria-current={version.id === id ? 'true' : undefined} onClick={() => onOpen(version.id)}>
                        {version.id === signal.id ? visible(summary.text) : summary.othersMayBePrivate ? MASK : visible(version.summary)}
                      </button>
                      <time className="meta figures" dateTime={version.timestamp}>
                        {formatMoment(version.timestamp)}
                      </time>
                    </li>
                  ))}
                </ul>
              </section>
            )}
            <section aria-label={t('connect.raw')}>
              <h3>{t('connect.raw')}</h3>
              {signal.raw === null ? (
                <p className="meta">{t('inbox.rawGone')}</p>
              ) : (
                <RawItem key={signal.id} raw={signal.raw} connector={signal.connector} stream={signal.stream} />
              )}
            </section>
          </div>
        )}
      </Read>
    </Panel>
  );
}
