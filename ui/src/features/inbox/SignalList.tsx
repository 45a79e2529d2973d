import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent } from 'react';

import type { SignalView } from '../../bindings/wire';
import { formatMoment, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { typeName } from '../connect/SignalPair';
import { useTools } from '../connections/useTools';
import { PRIORITY } from '../../ui/priorities';
import { useInboxView } from './view';

const ROW = 60;

interface Props {
  signals: SignalView[];
  /** How many there are in all, as far as they were counted. */
  total: number;
  open: number | undefined;
  onOpen: (id: number) => void;
  /** More are wanted. */
  onEnd: (() => void) | undefined;
  onKey: (event: KeyboardEvent<HTMLElement>) => void;
}

/** Any number of rows, of which a screenful is there. One of them can be reached with Tab; arrows move on. */
export function SignalList({ signals, total, open, onOpen, onEnd, onKey }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const tools = useTools();
  const virtual = useVirtualizer({
    count: signals.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    getItemKey: (index) => signals[index]?.id ?? index,
    overscan: 10,
    initialOffset: () => useInboxView.getState().top,
  });
  useLayoutEffect(() => {
    if (frame.current) frame.current.scrollTop = useInboxView.getState().top;
  }, []);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (onEnd && last >= signals.length - 30) onEnd();
  }, [onEnd, last, signals.length]);
  const at = signals.findIndex((signal) => signal.id === open);
  const { scrollToIndex } = virtual;
  useEffect(() => {
    if (at < 0) return;
    scrollToIndex(at);
    // Where somebody goes on by keys, the focus goes with them.
    if (frame.current?.contains(document.activeElement)) {
      requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(`[data-index="${at}"]`)?.focus({ preventScroll: true }));
    }
  }, [at, scrollToIndex]);
  return (
    <div className="ib-scroll" ref={frame} role="list" aria-label={t('inbox.list')} onScroll={() => useInboxView.setState({ top: frame.current?.scrollTop ?? 0 })} onKeyDown={onKey}>
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {items.map(({ index, start }) => {
          const signal = signals[index];
          if (!signal) return null;
          const tool = tools.get(signal.connector);
          const summary = visible(signal.summary);
          return (
            <div key={signal.id} role="listitem" aria-setsize={total} aria-posinset={index + 1} className="ib-item" style={{ height: ROW, transform: `translateY(${start}px)` }}>
              <button
                type="button"
                data-index={index}
                className={signal.unread ? 'ib-row unread' : 'ib-row'}
                aria-current={signal.id === open ? 'true' : undefined}
                tabIndex={signal.id === open || (at < 0 && index === 0) ? 0 : -1}
                onClick={() => onOpen(signal.id)}
              >
                <span className="ib-dot" aria-hidden />
                <BrandMark icon={tool?.icon} name={tool?.name ?? signal.connector} size={28} />
                <span className="ib-words">
                  <span className="cut ib-summary" title={summary}>
                    {signal.unread && <span className="out-of-sight">{t('inbox.unread')} </span>}
                    {summary}
                  </span>
                  <span className="meta cut">
                    {[typeName(signal.signalType), visible(signal.connectionName ?? tool?.name ?? signal.connector), ...signal.participants.slice(0, 2).map(visible)].join(' · ')}
                  </span>
                </span>
                {signal.priority && <span className={`pill ${PRIORITY[signal.priority]}`}>{t(`connect.priority.${signal.priority}`)}</span>}
                <time className="meta figures ib-when" dateTime={signal.timestamp}>
                  {formatMoment(signal.timestamp)}
                </time>
              </button>
            </div>
          );
        })}
      </div>
    </div>
  );
}
