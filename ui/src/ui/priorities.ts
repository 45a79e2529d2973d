import type { Priority } from '../bindings/wire';

/** How an urgency looks. */
export const PRIORITY: Record<Priority, string> = { critical: 'bad', high: 'warn', medium: 'idle', low: 'idle' };
