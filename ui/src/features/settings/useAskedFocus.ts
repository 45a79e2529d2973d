import { useEffect, type RefObject } from 'react';

/** Coming to a page moves the focus to its heading, and a dialog that closes gives it back: this comes after both. */
const LATER_MS = 80;

/** Gives the focus to what an address asked for. */
export function useAskedFocus(asked: boolean, target: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (!asked) return;
    const timer = setTimeout(() => {
      target.current?.scrollIntoView({ block: 'center' });
      target.current?.focus();
    }, LATER_MS);
    return () => clearTimeout(timer);
  }, [asked, target]);
}
