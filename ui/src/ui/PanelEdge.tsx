import { useRef, type KeyboardEvent, type PointerEvent } from 'react';
import { create } from 'zustand';
import { persist } from 'zustand/middleware';

import { t } from '../lib/words';

const USUAL = 400;
const LEAST = 320;
const MOST = 640;
/** So far with one press of a key. */
const STEP = 16;

/** How wide the right panel is, in pixels, on every page and after a restart too. */
export const usePanelWidth = create<{ width: number }>()(persist(() => ({ width: USUAL }), { name: 'patchbay-panel', version: 1 }));

const set = (width: number) => usePanelWidth.setState({ width: Math.round(Math.min(MOST, Math.max(LEAST, width))) });

/** The edge of the right panel: dragged, or moved with the arrow keys, it makes the panel wider or narrower. Pressed twice, it is as usual. */
export function PanelEdge() {
  const width = usePanelWidth((state) => state.width);
  // Where the panel ends, while its edge is dragged.
  const end = useRef<number>(undefined);
  const begin = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    end.current = event.clientX + width;
  };
  const move = (event: PointerEvent<HTMLDivElement>) => {
    if (end.current !== undefined) set(end.current - event.clientX);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = { ArrowLeft: width + STEP, ArrowRight: width - STEP, Home: LEAST, End: MOST }[event.key];
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    set(next);
  };
  return (
    <div
      className="panel-edge"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={t('shell.panelWidth')}
      aria-valuenow={width}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      onKeyDown={onKeyDown}
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={() => (end.current = undefined)}
      onPointerCancel={() => (end.current = undefined)}
      onDoubleClick={() => set(USUAL)}
    />
  );
}
