// What the page that is shown can do: its own buttons, by their names.
import { Zap } from 'lucide-react';

import type { Command } from './command';

/** The buttons of the page's header, in their order; what cannot be pressed says why. */
export function pageActions(root: ParentNode = document): Command[] {
  const seen = new Set<string>();
  return [...root.querySelectorAll<HTMLElement>('.page-actions button')].flatMap((button): Command[] => {
    const label = (button.getAttribute('aria-label') ?? button.textContent).trim();
    if (!label || seen.has(label) || button.getAttribute('aria-busy') === 'true') return [];
    seen.add(label);
    const off = button.getAttribute('aria-disabled') === 'true' || (button as HTMLButtonElement).disabled;
    const why = off ? (button.getAttribute('aria-description') ?? '') : undefined;
    // A button that no longer stands where it stood does nothing.
    return [{ id: `button ${label}`, group: 'suggested', icon: Zap, label, why, actions: [{ label, act: () => button.isConnected && button.click() }] }];
  });
}
