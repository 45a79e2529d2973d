import { expect, it } from 'vitest';

import type { HealthReason, HealthRules, HealthState } from '../../bindings/wire';
import { whySo } from './rules';

const RULES: HealthRules = { windowMinutes: 90, degradedPercent: 2, errorPercent: 20, slowFactor: 3, neverSlowMs: 250, failedChecks: 4, quietIntervals: 5 };
const STATES: Record<string, HealthState> = { sign_in_ended: 'error', circuit_open: 'error', checks_failed: 'error', many_failed: 'error', quiet: 'no_recent_data', never_seen: 'no_recent_data' };
const reason = (kind: string): HealthReason => ({ kind, state: STATES[kind] ?? 'degraded', text: 'it is so' });
const why = (kinds: string[], rules: HealthRules | undefined = RULES) => whySo({ health: 'error', paused: false, reasons: kinds.map(reason) }, rules);

it.each<[string, string]>([
  ['many_failed', 'Error where more than 20% of the calls in 90 min fail'],
  ['some_failed', 'Degraded where more than 2% of the calls in 90 min fail'],
  ['checks_failed', 'Error from 4 failed checks in a row on'],
  ['slow', 'Degraded where p95 is more than 3 times what it is usually'],
  ['quiet', 'No recent data after 5 times the expected interval'],
  ['sign_in_ended', 'Error once the sign-in has ended'],
  ['circuit_open', 'Error while the circuit is open'],
  ['half_open', 'Degraded while the circuit is half-open'],
  ['limited', 'Degraded while the service asks to wait'],
  ['never_seen', 'No recent data until the first check or call'],
])('a state that %s made says its rule, with the lines that the user drew', (kind, words) => {
  // Figures are kept apart from the words around them, whichever way those run.
  const text = why([kind])?.replaceAll(/[\u2066-\u2069]/g, '') ?? '';
  expect(text).toContain('It is so.');
  expect(text).toContain(words);
});

it('each reason has its own rule, and none is made up for one that is not known', () => {
  expect(why(['slow', 'limited'])?.split('\n')).toHaveLength(2);
  expect(why(['something_new'])).toBe('It is so');
  expect(whySo({ health: 'healthy', paused: false, reasons: [] }, RULES)).toBe('Rule: Healthy while no rule speaks against it.');
  expect(whySo({ health: 'error', paused: true, reasons: [reason('slow')] }, RULES), 'paused is no state of health').toBeUndefined();
});
