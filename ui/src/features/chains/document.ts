// Changes of a chain's document. Pure: each gives a new document.
import type { Chain, FieldMap, Logic, OperationDetail, Step, StepPolicy } from '../../bindings/wire';

/** What a new step starts with; the engine's own defaults. */
export const POLICY: StepPolicy = { tries: 4, backoffMs: 1_000, timeoutMs: 60_000, parallel: 4, onFailure: 'stop_and_keep' };

/** A chain without steps. */
export const emptyChain = (name: string): Chain => ({ schema: 1, name, description: '', trigger: { type: 'manual' }, steps: [] });

/** A name that no step has: the operation's, with a number where it is taken. */
export function freeStepId(chain: Chain, wanted: string): string {
  const base = wanted.toLowerCase().replace(/[^a-z0-9_]/g, '_').replace(/^[^a-z]+/, '').slice(0, 36) || 'step';
  const taken = new Set(chain.steps.map((step) => step.id));
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? base : `${base}_${n}`;
    if (!taken.has(id)) return id;
  }
}

/** Puts a step after the one at `after` (-1: first). Effects go through the items of the nearest list before them. */
export function addStep(
  chain: Chain,
  after: number,
  connection: string,
  operation: Pick<OperationDetail, 'id' | 'items' | 'title'>,
  lists: (step: Step) => boolean,
): { chain: Chain; id: string } {
  const id = freeStepId(chain, operation.id);
  const step: Step = { id, connection, operation: operation.id, policy: POLICY };
  if (!operation.items) {
    const before = chain.steps.slice(0, after + 1).reverse();
    const source = before.find((earlier) => earlier.forEach || lists(earlier));
    if (source) step.forEach = source.forEach ?? source.id;
  }
  const steps = [...chain.steps];
  steps.splice(after + 1, 0, step);
  return { chain: { ...chain, steps }, id };
}

/** What a step that works by itself begins with. */
export const LOGIC: Record<Logic['type'], Logic> = {
  filter: { type: 'filter', when: [{ path: '$.item', operator: 'exists' }] },
  map: { type: 'map' },
  split: { type: 'split', path: '$.input' },
  aggregate: { type: 'aggregate', of: '', how: 'list' },
  branch: { type: 'branch', ways: [{ name: 'yes', when: [{ path: '$.item', operator: 'exists' }] }], otherwise: 'no' },
  join: { type: 'join', of: [] },
  wait: { type: 'wait', seconds: 60 },
  approval: { type: 'approval', question: 'Go on?' },
  chain: { type: 'chain', chain: '' },
  remember: { type: 'remember', key: 'last', value: '{{run.id}}' },
  recall: { type: 'recall', key: 'last' },
  lookup: { type: 'lookup', table: '', key: '' },
  link: { type: 'link', name: 'record', source: '', target: '' },
  linked: { type: 'linked', name: 'record', source: '' },
};

/** Puts a step that works by itself after the one at `after`. It goes through the items that the one before goes through. */
export function addLogic(chain: Chain, after: number, type: Logic['type'], lists: (step: Step) => boolean): { chain: Chain; id: string } {
  const id = freeStepId(chain, type);
  const step: Step = { id, logic: LOGIC[type], policy: POLICY };
  const before = chain.steps[after];
  if (before && !['aggregate', 'split'].includes(type)) {
    if (before.forEach) step.forEach = before.forEach;
    else if (lists(before)) step.forEach = before.id;
  }
  if (step.logic?.type === 'aggregate' && before) step.logic = { ...step.logic, of: before.id };
  const steps = [...chain.steps];
  steps.splice(after + 1, 0, step);
  return { chain: { ...chain, steps }, id };
}

/** Changes one step. */
export function changeStep(chain: Chain, id: string, change: (step: Step) => Step): Chain {
  return { ...chain, steps: chain.steps.map((step) => (step.id === id ? change(step) : step)) };
}

/** Takes a step out. Steps that went through its items run once, until something else is chosen. */
export function removeStep(chain: Chain, id: string): Chain {
  const steps = chain.steps
    .filter((step) => step.id !== id)
    .map((step) => (step.forEach === id ? runOnce(step) : step));
  return { ...chain, steps };
}

/** The same step without items to go through. */
export function runOnce(step: Step): Step {
  const once = { ...step };
  delete once.forEach;
  return once;
}

/** A copy right after the original. */
export function duplicateStep(chain: Chain, id: string): { chain: Chain; id: string } {
  const at = chain.steps.findIndex((step) => step.id === id);
  const original = chain.steps[at];
  if (!original) return { chain, id };
  const copy = { ...original, id: freeStepId(chain, original.id.replace(/_\d+$/, '')) };
  const steps = [...chain.steps];
  steps.splice(at + 1, 0, copy);
  return { chain: { ...chain, steps }, id: copy.id };
}

/** Moves a step one place; never before the list whose items it goes through. */
export function moveStep(chain: Chain, id: string, by: 1 | -1): Chain {
  const from = chain.steps.findIndex((step) => step.id === id);
  const to = from + by;
  const [step, other] = [chain.steps[from], chain.steps[to]];
  if (!step || !other) return chain;
  const [first, second] = by < 0 ? [step, other] : [other, step];
  if (first.forEach === second.id) return chain;
  const steps = [...chain.steps];
  steps[from] = other;
  steps[to] = step;
  return { ...chain, steps };
}

/** Sets where a field comes from, by hand; none leaves the choice to the matcher. */
export function setMapping(chain: Chain, id: string, target: string, map: Omit<FieldMap, 'target' | 'by'> | undefined): Chain {
  return changeStep(chain, id, (step) => {
    const others = (step.mapping ?? []).filter((own) => own.target !== target);
    return { ...step, mapping: map ? [...others, { ...map, target, by: 'hand' }] : others };
  });
}

/** Takes back what the matcher chose and leaves what was chosen by hand. */
export function forgetMatches(chain: Chain, id: string): Chain {
  return changeStep(chain, id, (step) => ({ ...step, mapping: (step.mapping ?? []).filter((map) => map.by === 'hand') }));
}

/** How sure a mapping is. */
export type Band = 'sure' | 'likely' | 'look' | 'yours';

/** Sure from 90, Likely from 70, Check below. */
export function band(map: FieldMap): Band {
  if (map.by === 'hand') return 'yours';
  const confidence = map.confidence ?? 0;
  return confidence >= 90 ? 'sure' : confidence >= 70 ? 'likely' : 'look';
}
