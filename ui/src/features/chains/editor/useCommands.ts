import { useEffect, useMemo, useRef } from 'react';

import { duplicateStep, moveStep, removeStep } from '../document';
import type { Place } from '../flow/outline';
import type { ChainEditor } from '../useChainEditor';
import type { Opening } from '../step/StepPanel';
import type { StepCommands, StopView } from '../useStepViews';
import type { Open } from './EditorPanel';

interface Props {
  change: ChainEditor['change'];
  stops: StopView[];
  select: (id: string | undefined) => void;
  setOpen: (set: (now: Open | undefined) => Open | undefined) => void;
  add: (place: Place) => void;
}

/** What canvas, list and panels can do with steps. */
export function useCommands({ change, stops, select, setOpen, add }: Props): StepCommands {
  // While a run goes on they stay the same: every step that is drawn holds them.
  const latest = useRef(stops);
  useEffect(() => {
    latest.current = stops;
  });
  return useMemo(() => {
    const open = (id: string, how: Opening = {}) => {
      select(id);
      setOpen((now) => ({ kind: 'step', id, ...how, nth: how.fixing ? nthOf(now) + 1 : nthOf(now) }));
    };
    return {
      open,
      select,
      add,
      remove: (id) => {
        change((chain) => removeStep(chain, id));
        select(undefined);
        setOpen((now) => (now?.kind === 'step' && now.id === id ? undefined : now));
      },
      duplicate: (id) => change((chain) => duplicateStep(chain, id).chain),
      move: (id, by) => change((chain) => moveStep(chain, id, by)),
      rename: (id) => open(id, { naming: true }),
      fixFirst: () => {
        const first = latest.current.find((stop) => stop.kind === 'step' && stop.step.trouble);
        if (first) open(first.id, { fixing: true });
      },
    };
  }, [change, select, setOpen, add]);
}

/** Which wish to mend a step this is: each one is a new one. */
const nthOf = (open: Open | undefined): number => (open?.kind === 'step' ? (open.nth ?? 0) : 0);
