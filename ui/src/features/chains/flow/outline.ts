// The order of a chain's steps as a person reads it: branches with their ways, steps on them. Pure.
import type { Chain, OnWay, Step } from '../../../bindings/wire';

/** What is done, what is done after a failure, what is done in any case. */
export type Section = 'steps' | 'onFailure' | 'finally';
export const SECTIONS: Section[] = ['steps', 'onFailure', 'finally'];

/** Where a step can be put: before the one at `at` of its section, on a way of a branch or on none. */
export interface Place {
  section: Section;
  at: number;
  on?: OnWay | undefined;
}

/** A step with what is on its ways. */
export interface Block {
  step: Step;
  lanes: Lane[];
}

/** One way of a branch. */
export interface Lane {
  way: string;
  blocks: Block[];
  /** Where the first step on it comes. */
  place: Place;
}

export const stepsOf = (chain: Chain, section: Section): Step[] => chain[section] ?? [];

/** Every step, in the order of the document. */
export const allSteps = (chain: Chain): Step[] => SECTIONS.flatMap((section) => stepsOf(chain, section));

/** The section that a step is in. */
export const sectionOf = (chain: Chain, id: string): Section | undefined => SECTIONS.find((section) => stepsOf(chain, section).some((step) => step.id === id));

/** The steps of a section as blocks. A step on a way that nobody has comes where it stands. */
export function outline(chain: Chain, section: Section): Block[] {
  const steps = stepsOf(chain, section);
  const branches = new Set(steps.filter((step) => step.logic?.type === 'branch').map((step) => step.id));
  const blocks = (own: Step[]): Block[] => own.map((step) => ({ step, lanes: lanes(step) }));
  const lanes = (step: Step): Lane[] => {
    if (step.logic?.type !== 'branch') return [];
    const inside = steps.filter((other) => other.on?.branch === step.id && other.id !== step.id);
    const names = waysOf(step);
    for (const other of inside) if (other.on && !names.includes(other.on.way)) names.push(other.on.way);
    const at = steps.indexOf(step) + 1;
    return names.map((way) => ({
      way,
      blocks: blocks(inside.filter((other) => other.on?.way === way)),
      place: { section, at, on: { branch: step.id, way } },
    }));
  };
  // A branch that is on its own way would be read without end.
  return blocks(steps.filter((step) => !step.on || !branches.has(step.on.branch) || step.on.branch === step.id));
}

/** The names of a branch's ways, the one for everything else last. */
export function waysOf(step: Step): string[] {
  if (step.logic?.type !== 'branch') return [];
  const { ways, otherwise } = step.logic;
  return [...ways.map((way) => way.name), ...(otherwise ? [otherwise] : [])];
}

/** A block's steps, itself first. */
export const inside = (block: Block): Step[] => [block.step, ...block.lanes.flatMap((lane) => lane.blocks.flatMap(inside))];

/** The blocks beside a step, itself among them: those of its section, or of its way. */
export function beside(blocks: Block[], id: string): Block[] | undefined {
  if (blocks.some((block) => block.step.id === id)) return blocks;
  for (const block of blocks) {
    for (const lane of block.lanes) {
      const found = beside(lane.blocks, id);
      if (found) return found;
    }
  }
  return undefined;
}

/** The place right after a step and what is on its ways. */
export function placeAfter(chain: Chain, id: string): Place | undefined {
  const section = sectionOf(chain, id);
  if (!section) return undefined;
  const steps = stepsOf(chain, section);
  const block = beside(outline(chain, section), id)?.find((own) => own.step.id === id);
  if (!block) return undefined;
  const last = Math.max(...inside(block).map((step) => steps.indexOf(step)));
  return { section, at: last + 1, ...(block.step.on ? { on: block.step.on } : {}) };
}

/** The end of what is done. */
export const endOf = (chain: Chain, section: Section = 'steps'): Place => ({ section, at: stepsOf(chain, section).length });
