import { useEffect, useState } from 'react';

/** Gives the focus back to where it was before a dialog; to the page's heading where that is gone. */
export function useReturnedFocus(): void {
  const [before] = useState(origin);
  useEffect(
    () => () => {
      setTimeout(() => {
        if (document.querySelector('[role=dialog], [role=alertdialog]')) return;
        const place = before?.isConnected ? before : document.querySelector<HTMLElement>('main h1');
        place?.focus({ preventScroll: true });
      }, 30);
    },
    [before],
  );
}

/** What had the focus; a menu's button stands for its items. */
function origin(): HTMLElement | null {
  const active = document.activeElement;
  const labelled = active?.closest('[role=menu]')?.getAttribute('aria-labelledby');
  return (labelled && document.getElementById(labelled)) || (active instanceof HTMLElement ? active : null);
}
