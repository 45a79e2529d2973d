import type { LucideIcon } from 'lucide-react';

/** The groups of the palette, in their order. */
export const GROUPS = ['recent', 'suggested', 'chains', 'connections', 'connectors', 'goTo', 'settings', 'help'] as const;
/** A group of the palette. */
export type Group = (typeof GROUPS)[number];

/** Something that can be done with what a command is about. */
export interface Action {
  label: string;
  act: () => void;
}

/** A line of the palette. */
export interface Command {
  /** The same after a restart: the last ones are remembered by it. */
  id: string;
  group: Group;
  icon: LucideIcon;
  label: string;
  /** Other words it is found by. */
  also?: string;
  /** As it is written for a person, such as `Ctrl 1`. */
  keys?: string;
  /** Why it cannot be done now; it stays visible. */
  why?: string | undefined;
  /** Enter does the first, Ctrl Enter the second; Tab shows all. */
  actions: [Action, ...Action[]];
}
