import { useEffect } from 'react';

import { usePreferences } from './preferences';

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
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio]), textarea, select'));
}

/** A closed dialog may stay in the page, out of sight. */
function dialogOpen(): boolean {
  return [...document.querySelectorAll<HTMLElement>('[role=dialog],[role=alertdialog]')].some((dialog) => dialog.getClientRects().length > 0);
}

/** A function key is no sign that somebody types. */
const FUNCTION = /^(Shift\+)?F\d+$/;

/** What an action gives that had nothing to do: the key keeps its own meaning. */
export const UNTOUCHED = Symbol('untouched');

type Shortcuts = Record<Combination, (event?: KeyboardEvent) => unknown>;

/** What is listened to now, the inner parts of the page first. */
const listening = new Set<Shortcuts>();

/** What a combination does now; nothing where no part of the page listens to it. */
export const actionOf = (wanted: Combination): (() => void) | undefined => {
  for (const map of listening) {
    const action = map[wanted];
    if (action) return () => action();
  }
  return undefined;
};

/** Keys that are one sign without Ctrl or Alt can be switched off (WCAG 2.1.4). */
export const isSign = (key: string): boolean => key.length === 1 && key !== ' ';

/** Whether a key without Ctrl or Alt may do something. */
export const signsWork = (): boolean => usePreferences.getState().signs;

/** Calls what belongs to a combination. Plain letters stay letters in fields. */
export function useShortcuts(map: Shortcuts, active = true) {
  useEffect(() => {
    if (!active) return;
    listening.add(map);
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const pressed = combination(event);
      // A key that is held down asks once.
      if (event.repeat && pressed.endsWith('Enter')) return;
      const plain = !pressed.startsWith('Ctrl+') && !pressed.startsWith('Alt+') && !FUNCTION.test(pressed);
      if (plain && typing(event.target)) return;
      if (isSign(pressed) && !signsWork()) return;
      // Text has an undo of its own.
      if (/^Ctrl\+(Shift\+)?z$/i.test(pressed) && typing(event.target)) return;
      // What is behind a dialog is out of reach; help is for the dialog too.
      if (dialogOpen() && pressed !== 'F1') return;
      const action = map[pressed];
      if (!action) return;
      if (action(event) !== UNTOUCHED) event.preventDefault();
    };
    window.addEventListener('keydown', press);
    return () => {
      listening.delete(map);
      window.removeEventListener('keydown', press);
    };
  });
}

/** Goes to the page's search, where it has one. */
export function focusSearch(): typeof UNTOUCHED | undefined {
  const search = document.querySelector<HTMLInputElement>('[data-page-search]');
  search?.focus();
  return search ? undefined : UNTOUCHED;
}

/** Ctrl Enter sends the form that the focus is in, wherever in it. What handles it itself comes first. */
export function useFormsBySubmitKey() {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.key !== 'Enter' || !(mac ? event.metaKey : event.ctrlKey)) return;
      const form = event.target instanceof Element ? event.target.closest('form') : null;
      if (!form) return;
      event.preventDefault();
      form.requestSubmit();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}

/** How a combination is written for a person. */
export const written = (keys: string): string => (mac ? keys.replaceAll('Ctrl', '⌘').replaceAll('Shift', '⇧').replaceAll('Alt', '⌥') : keys);
