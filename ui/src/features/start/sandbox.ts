import { useLocation } from 'wouter';

import { useDo } from '../../engine';
import { usePreferences } from '../../shell/preferences';

const CHAIN = 'patchbay-sandbox-chain';

/** The chain that the sandbox came with, where it was started here. */
export const sandboxChain = (): string | null => localStorage.getItem(CHAIN);

/** What is shown once the sandbox is there: its chain, the connections, or what was shown before. */
export type AfterSandbox = 'chain' | 'connections' | 'stay';

/** Starts the sandbox. Wherever that is asked for, the same is read again and remembered. */
export function useSandbox(after: AfterSandbox = 'chain', onReady: () => void = () => undefined) {
  const [, go] = useLocation();
  const set = usePreferences((state) => state.set);
  return useDo('sandbox_start', {
    touches: ['connection_list', 'connection_show', 'chain_list', 'health', 'health_overview', 'catalogue_list', 'sandbox_show'],
    onSuccess: ({ chain }) => {
      localStorage.setItem(CHAIN, chain);
      set({ begun: true });
      onReady();
      if (after === 'chain') go(`/chains/${chain}/try`);
      if (after === 'connections') go('/connections');
    },
  });
}
