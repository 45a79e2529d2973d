import { useReactFlow, useStore } from '@xyflow/react';
import { useCallback, useEffect } from 'react';

import { HEIGHT, WIDTH, type Flow, type FlowItem } from '../flow/flow';
import { useZoom } from './Controls';

/** How much of the canvas a panel lies over, in pixels; nothing where it stands beside it. */
function covered(): number {
  const panel = document.querySelector<HTMLElement>('.panel');
  return panel && getComputedStyle(panel).position !== 'static' && getComputedStyle(panel).position !== 'relative' ? panel.offsetWidth : 0;
}

/** Brings what is drawn at a place into sight where it is not. */
export function useBring(): (place: Pick<FlowItem, 'x' | 'y'>) => void {
  const view = useReactFlow();
  const { duration } = useZoom();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  return useCallback(
    ({ x, y }) => {
      if (width === 0) return;
      const now = view.getViewport();
      const [left, top] = [x * now.zoom + now.x, y * now.zoom + now.y];
      const seen = width - covered();
      const outX = left < 8 || left + WIDTH * now.zoom > seen;
      const outY = top < 8 || top + (HEIGHT + 16) * now.zoom > height;
      if (!outX && !outY) return;
      void view.setViewport(
        { x: outX ? Math.max((seen - WIDTH * now.zoom) / 2, 16) - x * now.zoom : now.x, y: outY ? height / 3 - y * now.zoom : now.y, zoom: now.zoom },
        // The library's own way to something far off looks at the whole on its way, and would draw it.
        { duration, interpolate: 'linear' },
      );
    },
    [view, duration, width, height],
  );
}

/** Brings a step into sight when it becomes the one that matters. */
export function InSight({ flow, id }: { flow: Flow; id: string | undefined }) {
  const bring = useBring();
  const item = flow.items.find((own) => own.id === id);
  const [x, y] = [item?.x, item?.y];
  useEffect(() => {
    if (x !== undefined && y !== undefined) bring({ x, y });
  }, [id, x, y, bring]);
  return null;
}
