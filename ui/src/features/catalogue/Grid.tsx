import { useElementSize } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';

import { t } from '../../lib/words';
import type { Entry } from './search';
import { useCatalogueView } from './view';

const NARROWEST = 264;
const GAP = 12;
const HEIGHT = 152;

interface Props {
  entries: Entry[];
  /** What the entries were narrowed by: others are seen from their beginning. */
  by: string;
  opened: string | undefined;
  card: (entry: Entry) => ReactNode;
}

/** Cards in rows; only rows that can be seen are in the page. Arrow keys go from card to card. */
export function Grid({ entries, by, opened, card }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const { ref, width } = useElementSize();
  const columns = Math.max(1, Math.floor((width + GAP) / (NARROWEST + GAP)));
  const rows = width > 0 ? Math.ceil(entries.length / columns) : 0;
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is memoised by a compiler
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT + GAP,
    overscan: 1,
    initialOffset: () => useCatalogueView.getState().scroll,
  });
  useEffect(() => {
    const element = scroller.current;
    const keep = () => useCatalogueView.setState({ scroll: element?.scrollTop ?? 0 });
    element?.addEventListener('scroll', keep, { passive: true });
    return () => element?.removeEventListener('scroll', keep);
  }, []);
  // As it was left, once there is something to scroll.
  const restored = useRef(false);
  useEffect(() => {
    if (restored.current || rows === 0) return;
    restored.current = true;
    scroller.current?.scrollTo({ top: useCatalogueView.getState().scroll });
  }, [rows]);
  // The cards stay where they are drawn: a grid of its own for each search would be measured, and blank, anew.
  const before = useRef(by);
  useLayoutEffect(() => {
    if (before.current !== by) scroller.current?.scrollTo({ top: 0 });
    before.current = by;
  }, [by]);
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const step = steps[event.key];
    const here = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-index]') : null;
    if (step === undefined || !here || event.altKey || event.ctrlKey) return;
    const next = Number(here.dataset['index']) + step;
    if (next < 0 || next >= entries.length) return;
    event.preventDefault();
    virtual.scrollToIndex(Math.floor(next / columns));
    const focus = () => scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"] .cat-open`)?.focus();
    if (scroller.current?.querySelector(`[data-index="${next}"]`)) focus();
    else requestAnimationFrame(() => requestAnimationFrame(focus));
  };
  return (
    <div className="cat-scroll" ref={scroller}>
      <div ref={ref} className="cat-rows" role="list" aria-label={t('catalogue.list')} style={{ height: Math.max(0, virtual.getTotalSize() - GAP) }} onKeyDown={move}>
        {virtual.getVirtualItems().map((row) => (
          <div
            key={row.key}
            role="presentation"
            className="cat-row"
            style={{ transform: `translateY(${row.start}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
          >
            {entries.slice(row.index * columns, (row.index + 1) * columns).map((entry, column) => {
              const index = row.index * columns + column;
              return (
                <article
                  key={entry.connector.id}
                  role="listitem"
                  aria-setsize={entries.length}
                  aria-posinset={index + 1}
                  data-index={index}
                  data-testid="card"
                  className={entry.connector.id === opened ? 'cat-card open' : 'cat-card'}
                >
                  {card(entry)}
                </article>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
