import { useEffect } from 'react';
import { useLocation } from 'wouter';

/** The address says which step is open, and opens it. */
export function useAddress(id: string | undefined, step: string | undefined, opened: string | undefined, open: (step: string) => void) {
  const [, go] = useLocation();
  useEffect(() => {
    if (step && step !== opened) open(step);
    // Only a new address opens: closing a panel is not undone by the old one.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [step]);
  useEffect(() => {
    if (!id) return;
    const address = opened ? `/chains/${id}/step/${opened}` : `/chains/${id}`;
    if (opened !== step) go(address, { replace: true });
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [opened, id]);
}
