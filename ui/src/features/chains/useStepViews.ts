import { useMemo } from 'react';

import type { Chain, Finding, Logic, PinView, RunReport, Step, StepState } from '../../bindings/wire';
import { formatMs } from '../../lib/format';
import { t } from '../../lib/words';
import { useSharing } from '../../ui/useSharing';
import { band } from './document';
import type { Flow, FlowItem } from './flow/flow';
import { allSteps, beside, outline, sectionOf, waysOf, type Place } from './flow/outline';
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
    const steps = allSteps(chain);
    let at = 0;
    const stops = flow.items.flatMap((item): StopView[] => {
      if (item.kind === 'section') return [{ kind: 'section', id: item.id, flow: item, name: t(item.section === 'finally' ? 'chains.flow.finally' : 'chains.flow.onFailure'), line: '' }];
      if (item.way) return [{ kind: 'way', id: item.id, flow: item, name: item.way.name, line: wayLine(steps, item.way) }];
      const step = steps.find((own) => own.id === item.id);
      return step ? [{ kind: 'step', id: step.id, flow: item, step: viewOf(chain, step, { at: at++, of: steps.length, flow: item, tools, findings, report, pins }) }] : [];
    });
    return share(stops);
  }, [chain, flow, tools, findings, report, pins, share]);
}

/** What sends an item this way, in words. */
function wayLine(steps: Step[], way: { branch: string; name: string }): string {
  const branch = steps.find((step) => step.id === way.branch);
  if (branch?.logic?.type !== 'branch') return '';
  const own = branch.logic.ways.find((one) => one.name === way.name);
  if (own) return own.when.map(conditionWords).join(', ');
  return waysOf(branch).includes(way.name) ? t('chains.flow.otherwise') : t('chains.flow.noWay');
}

interface Around {
  at: number;
  of: number;
  flow: FlowItem;
  tools: Tools;
  findings: Finding[];
  report: RunReport | undefined;
  pins: PinView[] | undefined;
}

function viewOf(chain: Chain, step: Step, { at, of, flow, tools, findings, report, pins }: Around): StepView {
  const { connection, connector } = tools.of(step);
  const blocked = findings.find((finding) => finding.step === step.id && finding.level === 'blocker');
  const trouble = tools.ready && !connection && !step.logic ? t('chains.missingConnection', { name: step.connection ?? '' }) : blocked?.problem?.title ?? blocked?.text;
  const done = report?.steps.find((own) => own.step === step.id);
  const state = done?.state;
  const source = allSteps(chain).find((own) => own.id === step.forEach);
  const rest = step.logic ? t(`chains.logic.about.${step.logic.type}`) : step.connection ?? '';
  const ran = done && state !== 'waiting' && `${formatMs(done.callMs)} · ${t('common.items', { count: done.itemsOut })}`;
  const section = sectionOf(chain, step.id) ?? 'steps';
  const row = beside(outline(chain, section), step.id) ?? [];
  const place = row.findIndex((block) => block.step.id === step.id);
  return {
    id: step.id,
    at,
    of,
    flow,
    name: tools.name(step),
    icon: connector?.summary.icon,
    logic: step.logic?.type,
    tool: connector?.summary.name ?? (step.logic ? t(`chains.logic.name.${step.logic.type}`) : step.connection ?? ''),
    line: trouble ?? (ran || rest),
    each: source ? t('chains.perItem', { name: tools.name(source) }) : undefined,
    trouble,
    look: (step.mapping ?? []).filter((map) => band(map) === 'look').length,
    state,
    pinned: pins?.some((pin) => pin.step === step.id && pin.holds) ?? false,
    moves: { up: place > 0, down: place < row.length - 1 },
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
