// Changes of a chain's document. Pure: each gives a new document.
import type { Chain, FieldMap, Finder, Logic, OperationDetail, Step, TargetField } from '../../bindings/wire';
import { allSteps, beside, inside, outline, placeAfter, SECTIONS, sectionOf, stepsOf, type Place, type Section } from './flow/outline';
import { LOGIC, POLICY } from './fresh';

/** A chain without steps. */
export const emptyChain = (name: string): Chain => ({ schema: 1, name, description: '', trigger: { type: 'manual' }, steps: [] });

/** A name that no step has: the operation's, with a number where it is taken. */
export function freeStepId(chain: Chain, wanted: string): string {
  const base = wanted.toLowerCase().replace(/[^a-z0-9_]/g, '_').replace(/^[^a-z]+/, '').slice(0, 36) || 'step';
  const taken = new Set(allSteps(chain).map((step) => step.id));
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? base : `${base}_${n}`;
    if (!taken.has(id)) return id;
  }
}

/** Puts a step where it is wanted. */
function insert(chain: Chain, place: Place, step: Step): Chain {
  const steps = [...stepsOf(chain, place.section)];
  steps.splice(place.at, 0, place.on ? { ...step, on: place.on } : step);
  return { ...chain, [place.section]: steps };
}

/** The steps that are done before a place, the last one first; what is on other ways is not. */
function before(chain: Chain, place: Place): Step[] {
  const ways = new Set<string>();
  for (let on = place.on; on; ) {
    ways.add(`${on.branch}/${on.way}`);
    const branch: string = on.branch;
    on = allSteps(chain).find((step) => step.id === branch)?.on ?? undefined;
  }
  const own = stepsOf(chain, place.section).slice(0, place.at);
  const earlier = place.section === 'steps' ? own : [...chain.steps, ...own];
  return earlier.filter((step) => !step.on || ways.has(`${step.on.branch}/${step.on.way}`)).reverse();
}

/** Puts a step that calls an operation at a place. Effects go through the items of the nearest list before them. */
export function addStep(
  chain: Chain,
  place: Place,
  connection: string,
  operation: Pick<OperationDetail, 'id' | 'items' | 'title'>,
  lists: (step: Step) => boolean,
): { chain: Chain; id: string } {
  const id = freeStepId(chain, operation.id);
  const step: Step = { id, connection, operation: operation.id, policy: POLICY };
  if (!operation.items && place.section === 'steps') {
    const found = itemsAt(before(chain, place), lists);
    if (found) step.forEach = found;
  }
  return { chain: insert(chain, place, step), id };
}

/** The list whose items come by, reading backwards: what was put together is one value again. */
function itemsAt(earlier: Step[], lists: (step: Step) => boolean): string | undefined {
  for (const step of earlier) {
    if (step.logic?.type === 'aggregate') return undefined;
    if (step.forEach) return step.forEach;
    if (lists(step)) return step.id;
  }
  return undefined;
}

/** Puts a step that works by itself at a place. It goes through the items that the one before goes through. */
export function addLogic(chain: Chain, place: Place, type: Logic['type'], lists: (step: Step) => boolean): { chain: Chain; id: string } {
  const id = freeStepId(chain, type);
  const earlier = before(chain, place);
  const step: Step = { id, logic: LOGIC[type], policy: POLICY };
  const items = itemsAt(earlier.slice(0, 1), lists);
  if (items && !['aggregate', 'split'].includes(type)) step.forEach = items;
  const [last] = earlier;
  if (step.logic?.type === 'aggregate' && last) step.logic = { ...step.logic, of: last.id };
  if (step.logic?.type === 'join') step.logic = { ...step.logic, of: joined(chain, earlier, place) };
  return { chain: insert(chain, place, step), id };
}

/** The last step of each way of the branch before a place. */
function joined(chain: Chain, earlier: Step[], place: Place): string[] {
  const branch = earlier.find((step) => step.logic?.type === 'branch');
  const block = branch && beside(outline(chain, place.section), branch.id)?.find((own) => own.step.id === branch.id);
  return (block?.lanes ?? []).flatMap((lane) => lane.blocks.at(-1)?.step.id ?? []);
}

/** Changes steps, wherever they are. */
function inSections(chain: Chain, change: (steps: Step[], section: Section) => Step[]): Chain {
  const next = { ...chain };
  for (const section of SECTIONS) {
    const steps = stepsOf(chain, section);
    if (section === 'steps' || steps.length > 0) next[section] = change(steps, section);
  }
  return next;
}

/** Changes one step. */
export function changeStep(chain: Chain, id: string, change: (step: Step) => Step): Chain {
  return inSections(chain, (steps) => steps.map((step) => (step.id === id ? change(step) : step)));
}

/** Takes a step out, a branch with everything on its ways. Steps that went through its items run once, until something else is chosen. */
export function removeStep(chain: Chain, id: string): Chain {
  const section = sectionOf(chain, id);
  const block = section && beside(outline(chain, section), id)?.find((own) => own.step.id === id);
  if (!block) return chain;
  const gone = new Set(inside(block).map((step) => step.id));
  return inSections(chain, (steps) => steps.filter((step) => !gone.has(step.id)).map((step) => without(step, gone)));
}

/** The same step without what is gone. */
function without(step: Step, gone: Set<string>): Step {
  let next = step;
  if (next.forEach && gone.has(next.forEach)) next = runOnce(next);
  if (next.handles && gone.has(next.handles)) next = { ...next, handles: null };
  if (next.logic?.type === 'join' && next.logic.of.some((of) => gone.has(of))) {
    next = { ...next, logic: { ...next.logic, of: next.logic.of.filter((of) => !gone.has(of)) } };
  }
  return next;
}

/** The same step without items to go through. */
export function runOnce(step: Step): Step {
  const once = { ...step };
  delete once.forEach;
  return once;
}

/** A copy right after the original; of a branch without what is on its ways. */
export function duplicateStep(chain: Chain, id: string): { chain: Chain; id: string } {
  const place = placeAfter(chain, id);
  const original = allSteps(chain).find((step) => step.id === id);
  if (!original || !place) return { chain, id };
  const copy = { ...original, id: freeStepId(chain, original.id.replace(/_\d+$/, '')) };
  return { chain: insert(chain, place, copy), id: copy.id };
}

/** Moves a step one place among those beside it, a branch with what is on its ways; never before what it needs. */
export function moveStep(chain: Chain, id: string, by: 1 | -1): Chain {
  const section = sectionOf(chain, id);
  const row = section && beside(outline(chain, section), id);
  const from = row?.findIndex((block) => block.step.id === id) ?? -1;
  const [own, other] = [row?.[from], row?.[from + by]];
  if (!section || !own || !other) return chain;
  const [first, second] = by < 0 ? [own, other] : [other, own];
  const moved = [...inside(first), ...inside(second)];
  if (inside(first).some((step) => inside(second).some((later) => needs(step, later.id)))) return chain;
  const steps = stepsOf(chain, section);
  const places = moved.map((step) => steps.indexOf(step)).sort((a, b) => a - b);
  const next = [...steps];
  places.forEach((place, at) => {
    const step = moved[at];
    if (step) next[place] = step;
  });
  return { ...chain, [section]: next };
}

/** Whether a step cannot come before another one. */
function needs(step: Step, other: string): boolean {
  const { logic } = step;
  return step.forEach === other || step.handles === other || step.on?.branch === other || (logic?.type === 'aggregate' && logic.of === other) || (logic?.type === 'join' && logic.of.includes(other));
}

/** Sets where a field comes from, by hand; none leaves the choice to the matcher. */
export function setMapping(chain: Chain, id: string, target: string, map: Omit<FieldMap, 'target' | 'by'> | undefined): Chain {
  return changeStep(chain, id, (step) => {
    const others = (step.mapping ?? []).filter((own) => own.target !== target);
    return { ...step, mapping: map ? [...others, { ...map, target, by: 'hand' }] : others };
  });
}

/** Puts a step before another one that finds what a field of it wants, by an e-mail address; the field takes what that finds. */
export function findFirst(chain: Chain, id: string, field: Pick<TargetField, 'target' | 'kind' | 'required'>, finder: Finder): Chain {
  const section = sectionOf(chain, id);
  const step = allSteps(chain).find((own) => own.id === id);
  if (!section || !step) return chain;
  const found = freeStepId(chain, finder.operation);
  // Somebody who is not found, or cannot be looked for, keeps nothing from being done that goes without.
  const policy = field.required ? POLICY : { ...POLICY, onFailure: 'continue' as const };
  const finds: Step = { id: found, connection: step.connection, operation: finder.operation, policy };
  if (step.forEach) finds.forEach = step.forEach;
  const place = { section, at: stepsOf(chain, section).indexOf(step), on: step.on ?? undefined };
  const source = { type: 'path' as const, path: `$.steps.${found}${finder.found}` };
  return setMapping(insert(chain, place, finds), id, field.target, { source, ...(field.kind === 'list' ? { convert: 'list' as const } : {}) });
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
