import { useStoreApi } from '@xyflow/react';
import { useEffect, type RefObject } from 'react';

import { chipScale, CHIPS } from './near';

/** Tells the styles of the canvas how near the chain is looked at. Nothing is drawn again for it, however many steps there are. */
export function Nearness({ frame }: { frame: RefObject<HTMLElement | null> }) {
  const store = useStoreApi();
  useEffect(() => {
    let scale: number | undefined;
    const tell = () => {
      const { current: canvas } = frame;
      const zoom = store.getState().transform[2];
      if (!canvas) return;
      if (scale !== chipScale(zoom)) canvas.style.setProperty('--chips', `${(scale = chipScale(zoom))}`);
      if (canvas.hasAttribute('data-far') !== zoom < CHIPS) canvas.toggleAttribute('data-far');
    };
    tell();
    return store.subscribe(tell);
  }, [store, frame]);
  return null;
}
