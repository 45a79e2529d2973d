import { useCallback, useEffect, useRef } from 'react';

/** So long, in milliseconds: where the field does not come at all, the page has its keys again. */
const LONGEST = 3_000;

/**
 * Keeps what is typed from the moment a search is asked for until its field, a selector, has the focus: it has to be
 * fetched and drawn first, and letters would reach the page meanwhile, where some of them do something. Escape takes
 * the wish back. Gives what was typed, once.
 */
export function useTypedEarly(field: string, asked: boolean, onClose: () => void): () => string {
  const typed = useRef('');
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    typed.current = '';
    if (!asked) return undefined;
    const take = (event: KeyboardEvent) => {
      if (document.activeElement?.matches(field) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.key === 'Escape') close.current();
      else if (event.key === 'Backspace') typed.current = typed.current.slice(0, -1);
      else if (event.key.length === 1) typed.current += event.key;
      else if (event.key !== 'Enter' && event.key !== 'Delete') return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    // Before whatever else listens.
    window.addEventListener('keydown', take, true);
    const done = () => window.removeEventListener('keydown', take, true);
    const timer = setTimeout(done, LONGEST);
    return () => {
      clearTimeout(timer);
      done();
    };
  }, [asked, field]);
  return useCallback(() => {
    const all = typed.current;
    typed.current = '';
    return all;
  }, []);
}
