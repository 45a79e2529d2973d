import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useRef } from 'react';

import { visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';

const ROW = 52;
const HEAD = 32;
/** What the list shows of them at most, before it is measured. */
const SHOWN = 400;

/** Something that can be added as a step. */
export interface Choice {
  key: string;
  group: WordKey;
  name: string;
  icon: string | null | undefined;
  title: string;
  note: string;
  /** What it is found by, plain. */
  words: string;
  choose: () => void;
}

interface Props {
  id: string;
  found: Choice[];
  /** The one that Enter takes. */
  chosen: number;
  onPoint: (index: number) => void;
}

/** Any number of choices, of which a screenful is there, and the chosen one: the field above names it. */
export function AddChoices({ id, found, chosen, onPoint }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const heads = (index: number) => found[index]?.group !== found[index - 1]?.group;
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is memoised by a compiler
  const virtual = useVirtualizer({
    count: found.length,
    getScrollElement: () => list.current,
    estimateSize: (index) => (heads(index) ? ROW + HEAD : ROW),
    // Where each stands is reckoned anew when others are found.
    getItemKey: useCallback((index: number) => found[index]?.key ?? index, [found]),
    rangeExtractor: (range) => [...new Set([...defaultRangeExtractor(range), chosen])].filter((index) => index < found.length).sort((a, b) => a - b),
    overscan: 4,
    paddingStart: 4,
    paddingEnd: 8,
    initialRect: { width: 0, height: SHOWN },
  });
  const { scrollToIndex } = virtual;
  useEffect(() => {
    scrollToIndex(chosen);
  }, [chosen, found, scrollToIndex]);
  return (
    <div className="palette-list add-list" role="listbox" id={`${id}-list`} ref={list} aria-label={t('chains.add.title')} hidden={found.length === 0}>
      <div role="presentation" className="add-rows" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const choice = found[index];
          if (!choice) return null;
          return (
            <div key={choice.key} role="presentation" className="add-row" style={{ transform: `translateY(${start}px)` }}>
              {heads(index) && (
                <div className="palette-group" role="presentation" style={{ height: HEAD }}>
                  {t(choice.group)}
                </div>
              )}
              <div
                role="option"
                id={`${id}-${index}`}
                aria-selected={index === chosen}
                aria-setsize={found.length}
                aria-posinset={index + 1}
                className="palette-item"
                style={{ height: ROW }}
                onClick={choice.choose}
                onMouseMove={() => onPoint(index)}
              >
                <BrandMark icon={choice.icon} name={choice.name} size={28} />
                <span className="add-text">
                  <span className="cut">{visible(choice.title)}</span>
                  <span className="meta cut">{visible(choice.name)}</span>
                </span>
                <span className="meta cut add-note">{visible(choice.note)}</span>
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}
