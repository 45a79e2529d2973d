import { formatMs } from '../../../lib/format';

/** How long until a moment, in whole seconds and never less than one, in words. `now` is in milliseconds since 1970. */
export const untilTry = (at: string, now: number): string => formatMs(Math.max(1_000, Math.ceil((Date.parse(at) - now) / 1_000) * 1_000));
