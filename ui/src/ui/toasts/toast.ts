// Says in a few words that something was done, wherever the person is by then. What failed is said where it failed.
import { create } from 'zustand';

import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';

/** A confirmation. */
export interface Toast {
  /** What was done. */
  words: string;
  /** Takes it back, where that can be done. */
  undo?: () => void;
  /** One at a time of each; another takes its place. */
  id?: string;
}

/** What was said last, for who hears it, and how many were said. */
export const useToasts = create<{ said: string; count: number }>(() => ({ said: '', count: 0 }));

type Show = (toast: Toast & { id: string }) => void;
let show: Show | undefined;
let hide: ((id: string) => void) | undefined;
/** Said before what shows them was there. */
const early = new Map<string, Toast & { id: string }>();

/** Confirms something. */
export function toast(one: Toast): void {
  const count = useToasts.getState().count + 1;
  const known = { ...one, id: one.id ?? `said ${count}` };
  useToasts.setState({ said: one.words, count });
  if (show) show(known);
  else early.set(known.id, known);
}

/** Takes a confirmation away: what it would take back is not what was done last any more. */
export function withdraw(id: string): void {
  early.delete(id);
  hide?.(id);
}

/** Says that an Undo was in vain: what it was about may be on no page that is open. */
export function notTakenBack(error: unknown): void {
  toast({ words: t('common.notTakenBack', { why: visible(toProblem(error).title) }) });
}

/** What shows them is there. */
export function showWith(how: { show: Show; hide: (id: string) => void }): void {
  ({ show, hide } = how);
  for (const one of early.values()) how.show(one);
  early.clear();
}
