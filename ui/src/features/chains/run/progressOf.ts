import type { RunReport } from '../../../bindings/wire';
import { t } from '../../../lib/words';

const AHEAD = new Set(['waiting', 'running', 'retrying']);

/** How many steps are over, of all, in words. */
export const progressOf = (run: RunReport): string => t('chains.live.progress', { done: run.steps.filter((step) => !AHEAD.has(step.state)).length, of: run.steps.length });
