import { useEffect } from 'react';

import { send } from '../engine';

/** How often the engine is told at most. */
const EVERY_MS = 30_000;

/** Tells the engine that a person is at the screen, so that nothing locks itself meanwhile. */
export function usePresence(): void {
  useEffect(() => {
    let told = 0;
    const tell = () => {
      const now = performance.now();
      if (told && now - told < EVERY_MS) return;
      told = now;
      // An engine that is gone locks nothing.
      send('presence', {}).catch(() => undefined);
    };
    const kinds = ['pointerdown', 'keydown', 'wheel'] as const;
    for (const kind of kinds) window.addEventListener(kind, tell, { passive: true });
    return () => kinds.forEach((kind) => window.removeEventListener(kind, tell));
  }, []);
}
