import type { KeyboardEvent } from 'react';

import { isSign, signsWork } from '../../shell/shortcuts';
import type { StepCommands, StopView } from './useStepViews';

/** The one that Tab leads to: the first of those wanted that is there, else the first of all. */
export const placeOf = (stops: StopView[], ...wanted: (string | undefined)[]): string | undefined => {
  const all = stops.filter((stop) => stop.kind !== 'section');
  return (wanted.map((id) => all.find((stop) => stop.id === id)).find((stop) => stop !== undefined) ?? all[0])?.id;
};

/** The keys of canvas and list: the same in both. Gives true where the key meant something. */
export function stepKey(event: KeyboardEvent, stops: StopView[], focused: string, selected: string | undefined, commands: StepCommands): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (isSign(event.key) && !signsWork()) return false;
  const all = stops.filter((stop) => stop.kind !== 'section');
  const current = all.find((stop) => stop.id === focused) ?? all[0];
  if (!current) return false;
  const { flow } = current;
  const step = current.kind === 'step' ? current.id : undefined;
  const go = (to: string | undefined) => to !== undefined && commands.select(to);
  switch (event.key) {
    case 'ArrowDown':
    case 'ArrowUp': {
      const by = event.key === 'ArrowDown' ? 1 : -1;
      if (!event.shiftKey) go(by > 0 ? flow.down : flow.up);
      else if (step) commands.move(step, by);
      break;
    }
    case 'ArrowLeft':
      go(flow.left);
      break;
    case 'ArrowRight':
      go(flow.right);
      break;
    case 'Home':
      go(all[0]?.id);
      break;
    case 'End':
      go(all.at(-1)?.id);
      break;
    case 'Enter':
    case ' ':
      commands.open(step ?? flow.way?.branch ?? current.id);
      break;
    case 'F2':
      if (step) commands.rename(step);
      break;
    case 'a':
    case 'A':
      commands.add(flow.after);
      break;
    case 'd':
    case 'D':
      if (step) commands.duplicate(step);
      break;
    case 'f':
    case 'F':
      commands.fixFirst();
      break;
    case 'Delete':
    case 'Backspace':
      if (step) commands.remove(step);
      break;
    case 'Escape':
      // A panel closes first.
      if (selected === undefined || document.querySelector('.panel')) return false;
      commands.select(undefined);
      break;
    default:
      return false;
  }
  event.preventDefault();
  return true;
}
