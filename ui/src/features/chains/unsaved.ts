// What was changed in chains and could not be kept. It outlives the page it was typed in.
import { useEffect, useRef } from 'react';
import { create } from 'zustand';

import type { Chain, Problem } from '../../bindings/wire';
import { hold, type Held } from '../../platform';

/** A chain as somebody left it, who could not keep it. */
export interface Unsaved {
  workspace: string;
  /** None for a chain that was never kept. */
  id: string | undefined;
  chain: Chain;
  /** The version that was changed; 0 where it is not known. */
  base: number;
  /** Why it could not be kept. */
  problem: Problem;
}

/** All that is not kept, in the order it was left. */
export const useUnsaved = create<{ left: Unsaved[] }>(() => ({ left: [] }));

/** What was left of a chain. */
export const unsavedOf = (workspace: string, id: string | undefined): Unsaved | undefined => useUnsaved.getState().left.find((one) => one.workspace === workspace && one.id === id);

/** It is kept by now, or nobody wants it any more. */
export const forgetUnsaved = (workspace: string, id: string | undefined) =>
  useUnsaved.setState(({ left }) => ({ left: left.filter((one) => one.workspace !== workspace || one.id !== id) }));

/** Holds on to a chain that could not be kept. */
export function holdUnsaved(unsaved: Unsaved) {
  forgetUnsaved(unsaved.workspace, unsaved.id);
  useUnsaved.setState(({ left }) => ({ left: [...left, unsaved] }));
}

/** Holds work that is not kept yet: the browser asks before its page goes, the window keeps it first. */
export function useHeld(work: Held) {
  const latest = useRef(work);
  useEffect(() => {
    latest.current = work;
  });
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (latest.current.names().length > 0) event.preventDefault();
    };
    window.addEventListener('beforeunload', ask);
    const release = hold({ names: () => latest.current.names(), keep: async () => latest.current.keep?.() });
    return () => {
      window.removeEventListener('beforeunload', ask);
      release();
    };
  }, []);
}
