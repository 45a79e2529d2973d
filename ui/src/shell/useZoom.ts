import { useEffect } from 'react';

import { platform } from '../platform';
import { usePreferences } from './preferences';
import { useShortcuts } from './shortcuts';

const STEPS = [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3];

/** Ctrl + and Ctrl − in the window, kept over restarts. A browser has a zoom of its own. */
export function useZoom() {
  const { zoom, set } = usePreferences();
  const own = platform.kind === 'window';
  useEffect(() => {
    // A size that cannot be set is no reason to show nothing.
    if (own) platform.call('default', 'window_zoom', { factor: zoom }).catch(() => undefined);
  }, [own, zoom]);
  const step = (by: 1 | -1) => {
    const next = by > 0 ? STEPS.find((size) => size > zoom) : STEPS.findLast((size) => size < zoom);
    if (next !== undefined) set({ zoom: next });
  };
  useShortcuts({ 'Ctrl+=': () => step(1), 'Ctrl++': () => step(1), 'Ctrl+-': () => step(-1), 'Ctrl+0': () => set({ zoom: 1 }) }, own);
}
