import { useEffect, useState, type RefObject } from 'react';

/** Elements appear with the next frame; after it they can be focused. */
const SOON_MS = 30;

/** What is filled in: not what is folded away, what only chooses, nor what is there to be copied. */
const FIELD = '.cw-step :is(input:not([type=hidden], [type=radio]), textarea):not(details:not([open]) *, .cw-choice *, .cw-copy *)';

/** Gives the focus to the field that was asked for, the first one, or the main action, whenever `place` changes. */
export function useStepFocus(form: RefObject<HTMLFormElement | null>, place: string): (id: string, stays: boolean) => void {
  const [target, setTarget] = useState<string>();
  useEffect(() => {
    const timer = setTimeout(() => {
      const root = form.current;
      const next =
        (target && document.getElementById(target)) ||
        root?.querySelector<HTMLElement>('[data-first]:not([disabled])') ||
        (root?.querySelector('.cw-failed') && root.querySelector<HTMLElement>('.cw-failed .mantine-Button-root[data-variant=filled], [data-main]:not([disabled])')) ||
        root?.querySelector<HTMLElement>(FIELD) ||
        root?.querySelector<HTMLElement>('[data-main]:not([disabled])') ||
        root;
      // Who has begun to type elsewhere in the step is not moved.
      const typing = document.activeElement?.matches('.cw-step input, .cw-step textarea') && root?.contains(document.activeElement);
      if (target || !typing) next?.focus();
      setTarget(undefined);
    }, SOON_MS);
    return () => clearTimeout(timer);
    // Only when a step begins; what is typed later moves nothing.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [place]);
  return (id, stays) => {
    if (stays) setTimeout(() => document.getElementById(id)?.focus(), SOON_MS);
    else setTarget(id);
  };
}
