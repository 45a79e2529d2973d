// Says in a few words that something was done, wherever the person is by then. What failed is said where it failed,
// but for an Undo: what it was about may be on no page that is open.
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
  /** It was in vain: why, and the way to try once more. It stands until somebody closes it. */
  failed?: { hint: string; again: () => void };
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
  // What is in vain is an alert of its own, and not said a second time.
  useToasts.setState({ said: one.failed ? '' : one.words, count });
  if (show) show(known);
  else early.set(known.id, known);
}

/** Takes a confirmation away: what it would take back is not what was done last any more. */
export function withdraw(id: string): void {
  early.delete(id);
  hide?.(id);
}

/** Takes something back for good. Where that is in vain it is said until it is closed, with a way to try again. */
export function takeBack(undo: () => Promise<unknown>, id?: string): void {
  undo().catch((error: unknown) => {
    const { title, hint } = toProblem(error);
    toast({ words: t('common.notTakenBack', { why: visible(title) }), failed: { hint: visible(hint), again: () => takeBack(undo, id) }, ...(id === undefined ? {} : { id }) });
  });
}

/** What shows them is there. */
export function showWith(how: { show: Show; hide: (id: string) => void }): void {
  ({ show, hide } = how);
  for (const one of early.values()) how.show(one);
  early.clear();
}
