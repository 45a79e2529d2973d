import { useMemo } from 'react';

import type { Chain, Finding, Logic, PinView, RunReport, Step, StepState } from '../../bindings/wire';
import { formatMs } from '../../lib/format';
import { t } from '../../lib/words';
import { useSharing } from '../../ui/useSharing';
import { band } from './document';
import type { Flow, FlowItem } from './flow/flow';
import { triesOf } from './fresh';
import { allSteps, outline, SECTIONS, waysOf, type Block, type Place } from './flow/outline';
import { isBadStep } from '../runs/figures';
import { retryOf, type Retry } from './run/retry';
import type { Opening } from './step/StepPanel';
import { conditionWords } from './step/words';
import type { Tools } from './useTools';

/** A step as canvas and list show it. */
export interface StepView {
  id: string;
  at: number;
  of: number;
  /** Where it is drawn, what is next to it, and where a step after it comes. */
  flow: FlowItem;
  name: string;
  icon: string | null | undefined;
  /** What a step does that works by itself. */
  logic: Logic['type'] | undefined;
  tool: string;
  /** One short line below the name. */
  line: string;
  /** When it tries again, in the place of the line; none where it cannot run. */
  retry: Retry | undefined;
  /** What it goes through the items of; the canvas draws it around the steps. */
  each: string | undefined;
  /** Short reason why it cannot run. */
  trouble: string | undefined;
  /** Fields whose match wants a look. */
  look: number;
  state: StepState | undefined;
  /** What it gave once is kept to build on. */
  pinned: boolean;
  moves: { up: boolean; down: boolean };
}

/** What canvas and list show: a step, a way of a branch, or the name of a section. */
export type StopView = { kind: 'step'; id: string; flow: FlowItem; step: StepView } | { kind: 'way' | 'section'; id: string; flow: FlowItem; name: string; line: string };

/** Puts document, connectors, findings and the last run together, once for both views. */
export function useStepViews(chain: Chain | undefined, flow: Flow, tools: Tools, findings: Finding[], report: RunReport | undefined, pins: PinView[] | undefined): StopView[] {
  const share = useSharing<StopView[]>();
  return useMemo(() => {
    if (!chain) return [];
    const steps = new Map(allSteps(chain).map((step) => [step.id, step]));
    const moves = movesOf(chain);
    const blockers = firstBy(findings.filter((finding) => finding.level === 'blocker'), (finding) => finding.step);
    const done = firstBy(report?.steps ?? [], (own) => own.step);
    const pinned = new Set(pins?.filter((pin) => pin.holds).map((pin) => pin.step));
    let at = 0;
    const stops = flow.items.flatMap((item): StopView[] => {
      if (item.kind === 'section') return [{ kind: 'section', id: item.id, flow: item, name: t(item.section === 'finally' ? 'chains.flow.finally' : 'chains.flow.onFailure'), line: '' }];
      if (item.way) return [{ kind: 'way', id: item.id, flow: item, name: item.way.name, line: wayLine(steps, item.way) }];
      const step = steps.get(item.id);
      return step ? [{ kind: 'step', id: step.id, flow: item, step: viewOf(step, { at: at++, flow: item, chain, tools, steps, moves, blockers, done, pinned }) }] : [];
    });
    return share(stops);
  }, [chain, flow, tools, findings, report, pins, share]);
}

/** What sends an item this way, in words. */
function wayLine(steps: Map<string, Step>, way: { branch: string; name: string }): string {
  const branch = steps.get(way.branch);
  if (branch?.logic?.type !== 'branch') return '';
  const own = branch.logic.ways.find((one) => one.name === way.name);
  if (own) return own.when.map(conditionWords).join(', ');
  return waysOf(branch).includes(way.name) ? t('chains.flow.otherwise') : t('chains.flow.noWay');
}

/** By what they are of; of several the first. */
function firstBy<T>(all: T[], of: (one: T) => string | null | undefined): Map<string, T> {
  const found = new Map<string, T>();
  for (const one of all) {
    const key = of(one);
    if (key && !found.has(key)) found.set(key, one);
  }
  return found;
}

/** Which steps can move before or behind the one beside them. */
function movesOf(chain: Chain): Map<string, StepView['moves']> {
  const found = new Map<string, StepView['moves']>();
  const row = (blocks: Block[]) =>
    blocks.forEach((block, place) => {
      found.set(block.step.id, { up: place > 0, down: place < blocks.length - 1 });
      for (const lane of block.lanes) row(lane.blocks);
    });
  for (const section of SECTIONS) row(outline(chain, section));
  return found;
}

/** What is known around the steps, each looked up once for all of them. */
interface Around {
  at: number;
  flow: FlowItem;
  chain: Chain;
  tools: Tools;
  steps: Map<string, Step>;
  moves: Map<string, StepView['moves']>;
  blockers: Map<string, Finding>;
  done: Map<string, RunReport['steps'][number]>;
  pinned: Set<string>;
}

function viewOf(step: Step, { at, flow, chain, tools, steps, moves, blockers, ...known }: Around): StepView {
  const { connection, connector } = tools.of(step);
  const blocked = blockers.get(step.id);
  const trouble = tools.ready && !connection && !step.logic ? t('chains.missingConnection', { name: step.connection ?? '' }) : blocked?.problem?.title ?? blocked?.text;
  const done = known.done.get(step.id);
  const state = done?.state;
  const source = step.forEach ? steps.get(step.forEach) : undefined;
  const rest = step.logic ? t(`chains.logic.about.${step.logic.type}`) : step.connection ?? '';
  // As the report says it: the first of what went wrong.
  const why = state && isBadStep(state) ? done.problems[0]?.problem.title : undefined;
  const ran = done && state !== 'waiting' && `${formatMs(done.callMs)} · ${t('common.items', { count: done.itemsOut })}`;
  return {
    id: step.id,
    at,
    of: steps.size,
    flow,
    name: tools.name(step),
    icon: connector?.summary.icon,
    logic: step.logic?.type,
    tool: connector?.summary.name ?? (step.logic ? t(`chains.logic.name.${step.logic.type}`) : step.connection ?? ''),
    line: trouble ?? why ?? (ran || rest),
    retry: done && !trouble ? retryOf(done, triesOf(chain, step)) : undefined,
    each: source ? t('chains.perItem', { name: tools.name(source) }) : undefined,
    trouble,
    look: (step.mapping ?? []).filter((map) => band(map) === 'look').length,
    state,
    pinned: known.pinned.has(step.id),
    moves: moves.get(step.id) ?? { up: false, down: false },
  };
}

/** What both views can do with steps. */
export interface StepCommands {
  open: (id: string, how?: Opening) => void;
  select: (id: string | undefined) => void;
  /** Asks what comes there. */
  add: (place: Place) => void;
  remove: (id: string) => void;
  duplicate: (id: string) => void;
  move: (id: string, by: 1 | -1) => void;
  /** Opens the step at its name. */
  rename: (id: string) => void;
  fixFirst: () => void;
}
