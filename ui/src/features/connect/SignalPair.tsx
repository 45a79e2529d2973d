import './connect.css';

import { Button } from '@mantine/core';
import { ExternalLink } from 'lucide-react';

import type { JsonValue, Signal } from '../../bindings/wire';
import { formatMoment, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { platform } from '../../platform';
import { RawItem } from './RawItem';

/** An item as the service sent it, beside what became of it. */
export function SignalPair({ raw, connector, signal }: { raw: JsonValue; connector: string; signal: Signal | undefined }) {
  return (
    <div className="cw-pair">
      <section aria-label={t('connect.raw')}>
        <h4>{t('connect.raw')}</h4>
        <RawItem raw={raw} connector={connector} stream={signal?.stream} />
      </section>
      <section aria-label={t('connect.normalised')}>
        <h4>{t('connect.normalised')}</h4>
        {signal ? <SignalFacts signal={signal} /> : <p className="meta">{t('connect.notFitting')}</p>}
      </section>
    </div>
  );
}

/** What a signal says, by name. */
export function SignalFacts({ signal }: { signal: Signal }) {
  const { url } = signal;
  const facts: [WordKey, string][] = [
    ['connect.signal.summary', signal.summary],
    ['connect.signal.type', typeName(signal.signalType)],
    ['connect.signal.time', formatMoment(signal.timestamp)],
    ['connect.signal.priority', signal.priority ? t(`connect.priority.${signal.priority}`) : ''],
    ['connect.signal.people', signal.participants.join(', ')],
    ['connect.signal.tags', signal.tags.join(', ')],
    ['connect.signal.related', signal.related.join(', ')],
  ];
  return (
    <dl className="facts">
      {facts.map(([word, value]) =>
        value ? (
          <div key={word} className="cw-fact">
            <dt>{t(word)}</dt>
            <dd>{visible(value)}</dd>
          </div>
        ) : null,
      )}
      {url && (
        <div className="cw-fact">
          <dt>{t('connect.signal.page')}</dt>
          <dd>
            <Button h={24} px={0} size="xs" variant="transparent" className="cw-link" rightSection={<ExternalLink size={12} aria-hidden />} onClick={() => void platform.openUrl(url)}>
              {t('connect.signal.open')}
            </Button>
          </dd>
        </div>
      )}
    </dl>
  );
}

/** "issue_updated" → "Issue updated". */
export function typeName(type: string): string {
  const words = visible(type).replaceAll('_', ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The signal that an item became. */
export function signalOf(raw: JsonValue, signals: Signal[], at: number, items: number): Signal | undefined {
  const text = JSON.stringify(raw);
  return signals.find((signal) => JSON.stringify(signal.raw) === text) ?? (signals.length === items ? signals[at] : undefined);
}
