import { useEffect } from 'react';

/** A combination such as `Ctrl+Shift+Enter`, `/`, `F6`. Ctrl is ⌘ on macOS. */
type Combination = string;

const mac = navigator.platform.startsWith('Mac');

function combination(event: KeyboardEvent): Combination {
  const parts = [];
  if (mac ? event.metaKey : event.ctrlKey) parts.push('Ctrl');
  if (event.altKey) parts.push('Alt');
  if (event.shiftKey && event.key.length > 1) parts.push('Shift');
  if (event.shiftKey && event.key.length === 1 && /[a-z]/i.test(event.key)) parts.push('Shift');
  parts.push(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  return parts.join('+');
}

/** Whether typing goes into a field. */
function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** A closed dialog may stay in the page, out of sight. */
function dialogOpen(): boolean {
  return [...document.querySelectorAll<HTMLElement>('[role=dialog]')].some((dialog) => dialog.getClientRects().length > 0);
}

/** Calls what belongs to a combination. Plain letters stay letters in fields. */
export function useShortcuts(map: Record<Combination, (event: KeyboardEvent) => void>, active = true) {
  useEffect(() => {
    if (!active) return;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const pressed = combination(event);
      const plain = !pressed.startsWith('Ctrl+') && !pressed.startsWith('Alt+') && !/^F\d+$/.test(pressed);
      if (plain && typing(event.target)) return;
      // Text has an undo of its own.
      if (/^Ctrl\+(Shift\+)?z$/i.test(pressed) && typing(event.target)) return;
      // What is behind a dialog is out of reach.
      if (dialogOpen() && !/^F\d+$/.test(pressed)) return;
      const action = map[pressed];
      if (!action) return;
      event.preventDefault();
      action(event);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  });
}

/** How a combination is written for a person. */
export const written = (keys: string): string => (mac ? keys.replace('Ctrl', '⌘').replace('Shift', '⇧').replace('Alt', '⌥') : keys);
