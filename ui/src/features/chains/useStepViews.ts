import { useMemo } from 'react';

import type { Chain, Finding, RunReport, StepState } from '../../bindings/wire';
import { formatMs } from '../../lib/format';
import { t } from '../../lib/words';
import { band } from './document';
import type { Tools } from './useTools';

/** A step as canvas and list show it. */
export interface StepView {
  id: string;
  at: number;
  of: number;
  name: string;
  icon: string | null | undefined;
  tool: string;
  /** One short line below the name. */
  line: string;
  /** Short reason why it cannot run. */
  trouble: string | undefined;
  /** Fields whose match wants a look. */
  look: number;
  state: StepState | undefined;
  moves: { up: boolean; down: boolean };
}

/** Puts document, connectors, findings and the last run together, once for both views. */
export function useStepViews(chain: Chain | undefined, tools: Tools, findings: Finding[], report: RunReport | undefined): StepView[] {
  return useMemo(() => {
    if (!chain) return [];
    return chain.steps.map((step, index) => {
      const { connection, connector } = tools.of(step);
      const blocked = findings.find((finding) => finding.step === step.id && finding.level === 'blocker');
      const trouble = tools.ready && !connection && !step.logic ? t('chains.missingConnection', { name: step.connection ?? '' }) : blocked?.problem?.title ?? blocked?.text;
      const done = report?.steps.find((s) => s.step === step.id);
      const state = done?.state;
      const name = tools.name(step);
      const source = chain.steps.find((s) => s.id === step.forEach);
      const rest = source ? t('chains.perItem', { name: tools.name(source) }) : step.logic ? t('chains.logic.itself') : step.connection ?? '';
      const ran = done && state !== 'waiting' && `${formatMs(done.callMs)} · ${t('common.items', { count: done.itemsOut })}`;
      const line = trouble ?? (ran || rest);
      return {
        id: step.id,
        at: index,
        of: chain.steps.length,
        name,
        icon: connector?.summary.icon,
        tool: connector?.summary.name ?? (step.logic ? t(`chains.logic.name.${step.logic.type}`) : step.connection ?? ''),
        line,
        trouble,
        look: (step.mapping ?? []).filter((map) => band(map) === 'look').length,
        state,
        moves: { up: index > 0, down: index < chain.steps.length - 1 },
      };
    });
  }, [chain, tools, findings, report]);
}

/** What both views can do with steps. */
export interface StepCommands {
  open: (id: string) => void;
  select: (id: string | undefined) => void;
  /** -1: before the first. */
  addAfter: (at: number) => void;
  remove: (id: string) => void;
  duplicate: (id: string) => void;
  move: (id: string, by: 1 | -1) => void;
  /** Opens the step at its name. */
  rename: (id: string) => void;
  fixFirst: () => void;
}
