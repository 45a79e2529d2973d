import { useEffect, useMemo, useRef } from 'react';

import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { toast } from '../../../ui/toasts/toast';
import { duplicateStep, moveStep, removeStep } from '../document';
import type { Place } from '../flow/outline';
import { EDITED, type ChainEditor } from '../useChainEditor';
import type { Opening } from '../step/StepPanel';
import type { StepCommands, StopView } from '../useStepViews';
import type { Open } from './EditorPanel';

interface Props {
  editor: Pick<ChainEditor, 'change' | 'undo'>;
  stops: StopView[];
  select: (id: string | undefined) => void;
  setOpen: (set: (now: Open | undefined) => Open | undefined) => void;
  add: (place: Place) => void;
}

/** What canvas, list and panels can do with steps. */
export function useCommands({ editor, stops, select, setOpen, add }: Props): StepCommands {
  const { change } = editor;
  // While a run goes on they stay the same: every step that is drawn holds them.
  const latest = useRef({ stops, undo: editor.undo });
  useEffect(() => {
    latest.current = { stops, undo: editor.undo };
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
        const gone = latest.current.stops.find((stop) => stop.id === id);
        change((chain) => removeStep(chain, id));
        if (gone?.kind === 'step') toast({ id: EDITED, words: t('chains.stepRemoved', { name: visible(gone.step.name) }), undo: () => latest.current.undo() });
        // Whoever works by keyboard stays where it was.
        const beside = [gone?.flow.down, gone?.flow.up].find((next) => latest.current.stops.some((stop) => stop.id === next && stop.kind === 'step'));
        select(beside);
        setOpen((now) => (now?.kind === 'step' && now.id === id ? undefined : now));
      },
      duplicate: (id) => change((chain) => duplicateStep(chain, id).chain),
      move: (id, by) => change((chain) => moveStep(chain, id, by)),
      rename: (id) => open(id, { naming: true }),
      fixFirst: () => {
        const first = latest.current.stops.find((stop) => stop.kind === 'step' && stop.step.trouble);
        if (first) open(first.id, { fixing: true });
      },
    };
  }, [change, select, setOpen, add]);
}

/** Which wish to mend a step this is: each one is a new one. */
const nthOf = (open: Open | undefined): number => (open?.kind === 'step' ? (open.nth ?? 0) : 0);
