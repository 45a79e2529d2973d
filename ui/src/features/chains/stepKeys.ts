import type { KeyboardEvent } from 'react';

import type { StepCommands, StepView } from './useStepViews';

/** The keys of canvas and list: the same in both. Gives true where the key meant something. */
export function stepKey(event: KeyboardEvent, views: StepView[], focused: string, commands: StepCommands): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const at = Math.max(views.findIndex((view) => view.id === focused), 0);
  const current = views[at];
  const go = (to: number) => commands.select(views[Math.min(Math.max(to, 0), views.length - 1)]?.id);
  switch (event.key) {
    case 'ArrowDown':
    case 'ArrowUp': {
      const by = event.key === 'ArrowDown' ? 1 : -1;
      if (event.shiftKey && current) commands.move(current.id, by);
      else go(at + by);
      break;
    }
    case 'Home':
      go(0);
      break;
    case 'End':
      go(views.length - 1);
      break;
    case 'Enter':
    case ' ':
      if (current) commands.open(current.id);
      break;
    case 'F2':
      if (current) commands.rename(current.id);
      break;
    case 'a':
    case 'A':
      commands.addAfter(at);
      break;
    case 'd':
    case 'D':
      if (current) commands.duplicate(current.id);
      break;
    case 'f':
    case 'F':
      commands.fixFirst();
      break;
    case 'Delete':
    case 'Backspace':
      if (current) commands.remove(current.id);
      break;
    default:
      return false;
  }
  event.preventDefault();
  return true;
}
