import './connect.css';

import { Fragment } from 'react';

import type { JsonValue, Signal } from '../../bindings/wire';
import { formatMoment, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { LinkButton } from '../../ui/LinkButton';
import { Mask } from '../chains/data/Mask';
import { useShown, type Pieces } from './privates';
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
        {signal ? <SignalFacts signal={signal} raw={raw} /> : <p className="meta">{t('connect.notFitting')}</p>}
      </section>
    </div>
  );
}

/** What a signal says, by name. What was copied from private fields of its item is masked as it is there. */
export function SignalFacts({ signal, raw }: { signal: Signal; raw: JsonValue }) {
  const { url } = signal;
  const shown = useShown(signal, raw);
  const facts: [WordKey, string][] = [
    ['connect.signal.type', typeName(signal.signalType)],
    ['connect.signal.time', formatMoment(signal.timestamp)],
    ['connect.signal.priority', signal.priority ? t(`connect.priority.${signal.priority}`) : ''],
    ['connect.signal.tags', signal.tags.join(', ')],
    ['connect.signal.related', signal.related.join(', ')],
  ];
  return (
    <dl className="facts">
      {shown && <Cut word="connect.signal.summary" pieces={shown.summary} onShow={() => shown.show('summary')} />}
      {shown && <Cut word="connect.signal.people" pieces={shown.people} onShow={() => shown.show('people')} />}
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
            <LinkButton url={url} small>
              {t('connect.signal.open')}
            </LinkButton>
          </dd>
        </div>
      )}
    </dl>
  );
}

/** A line of which parts may be private. */
function Cut({ word, pieces, onShow }: { word: WordKey; pieces: Pieces; onShow: () => void }) {
  if (pieces.length === 1 && pieces[0] === '') return null;
  return (
    <div className="cw-fact">
      <dt>{t(word)}</dt>
      <dd>
        {pieces.map((piece, at) => (
          <Fragment key={at}>
            {at > 0 && <Mask name={t(word)} onShow={onShow} />}
            {visible(piece)}
          </Fragment>
        ))}
      </dd>
    </div>
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
