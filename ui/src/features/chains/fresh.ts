// What steps begin with.
import type { Chain, Logic, OnFailure, Step, StepPolicy } from '../../bindings/wire';

/** What a new step starts with; the engine's own defaults. Its tries, and what a failure means, are those of its chain. */
export const POLICY: StepPolicy = { backoffMs: 1_000, timeoutMs: 60_000, parallel: 4 };

/** The tries where neither step nor chain says how many. */
export const TRIES = 4;

/** How often an item of a step is tried; without a step, of those that say nothing themselves. */
export const triesOf = (chain: Pick<Chain, 'policy'>, step?: Step): number => step?.policy.tries ?? chain.policy?.tries ?? TRIES;

/** What it means where an item of a step fails; without a step, of those that say nothing themselves. */
export const failureOf = (chain: Pick<Chain, 'policy'>, step?: Step): OnFailure => step?.policy.onFailure ?? chain.policy?.onFailure ?? 'stop_and_keep';

/** What a step that works by itself begins with. */
export const LOGIC: Record<Logic['type'], Logic> = {
  filter: { type: 'filter', when: [{ path: '$.item', operator: 'exists' }] },
  map: { type: 'map' },
  split: { type: 'split', path: '$.input' },
  aggregate: { type: 'aggregate', of: '', how: 'list' },
  branch: { type: 'branch', ways: [{ name: 'yes', when: [{ path: '$.item', operator: 'exists' }] }], otherwise: 'no' },
  join: { type: 'join', of: [] },
  wait: { type: 'wait', seconds: 60 },
  delivery: { type: 'delivery', within: 86_400 },
  approval: { type: 'approval', question: 'Go on?' },
  chain: { type: 'chain', chain: '' },
  remember: { type: 'remember', key: 'last', value: '{{run.id}}' },
  recall: { type: 'recall', key: 'last' },
  lookup: { type: 'lookup', table: '', key: '' },
  link: { type: 'link', name: 'record', source: '', target: '' },
  linked: { type: 'linked', name: 'record', source: '' },
};
