import { useStore } from '@xyflow/react';
import { useLayoutEffect, useRef, type RefObject } from 'react';

/** Where the focus is already inside it follows the selection, also to a step that is drawn only now. */
export function FocusFollows({ frame, id }: { frame: RefObject<HTMLElement | null>; id: string | undefined }) {
  const drawn = useStore((state) => id !== undefined && state.nodeLookup.get(id)?.data.selected === true);
  const wanted = useRef<string>(undefined);
  useLayoutEffect(() => {
    // What had the focus may be gone once the step is there: it was out of sight.
    wanted.current = frame.current?.contains(document.activeElement) ? id : undefined;
  }, [frame, id]);
  useLayoutEffect(() => {
    const { current: inside } = frame;
    if (!drawn || !inside || id === undefined || wanted.current !== id) return;
    wanted.current = undefined;
    if (document.activeElement !== document.body && !inside.contains(document.activeElement)) return;
    // Bringing it into sight is not the browser's: it would shift the frame, not the chain.
    inside.querySelector<HTMLElement>(`[data-step="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
  }, [frame, id, drawn]);
  return null;
}
