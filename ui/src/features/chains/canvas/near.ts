// How near the chain is looked at, and what follows for what stands on its lines.

/** Under this zoom chips would hide the chain: steps carry their mark instead. */
export const CHIPS = 0.6;

/** By how much what stands on lines is drawn larger than the chain: on the screen it stays as large as it is at 100 %. */
export const chipScale = (zoom: number): number => 1 / Math.min(Math.max(zoom, CHIPS), 1);
