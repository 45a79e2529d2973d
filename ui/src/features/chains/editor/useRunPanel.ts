import { useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';

import { isFailed, isFinal } from '../../runs/figures';
import type { Open } from './EditorPanel';
import type { Running } from './useRunning';

/** The way to the panel of the run that was started here. */
export interface WayToRun {
  /** Opens it and goes there; nothing where it is open, or where there is no such run any more. */
  back: (() => void) | undefined;
  /** The panel was closed by hand: of a run that is over, nothing more is wanted. */
  closed: () => void;
}

/**
 * The way back to the run that was started here: until another one is, or until its panel is closed after its end.
 * Where it did not get through, its panel opens by itself, once and over nothing that was opened meanwhile.
 */
export function useRunPanel({ begun, active }: Pick<Running, 'begun' | 'active'>, open: Open | undefined, show: (run: string) => void): WayToRun {
  const [left, setLeft] = useState<string>();
  const told = useRef<string>(undefined);
  useEffect(() => {
    if (!begun || !isFinal(begun.state) || told.current === begun.run) return;
    told.current = begun.run;
    if (open === undefined && (isFailed(begun.state) || begun.state === 'done_with_problems')) show(begun.run);
  });
  const isOpen = open?.kind === 'run' && open.run === begun?.run;
  const back = (run: string) => {
    flushSync(() => show(run));
    // The button that led here is gone: whoever works by keyboard goes on where it led.
    document.querySelector<HTMLElement>('.panel .headline')?.focus();
  };
  return {
    back: begun && !isOpen && begun.run !== left ? () => back(begun.run) : undefined,
    closed: () => isOpen && !active && setLeft(begun.run),
  };
}
