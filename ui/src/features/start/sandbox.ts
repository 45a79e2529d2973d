import { useLocation } from 'wouter';

import { useDo } from '../../engine';
import { usePreferences } from '../../shell/preferences';

const CHAIN = 'patchbay-sandbox-chain';

/** The chain that the sandbox came with, where it was started here. */
export const sandboxChain = (): string | null => localStorage.getItem(CHAIN);

/** Starts the sandbox and opens its chain. */
export function useSandbox() {
  const [, go] = useLocation();
  const set = usePreferences((state) => state.set);
  return useDo('sandbox_start', {
    touches: ['connection_list', 'chain_list', 'health', 'catalogue_list'],
    onSuccess: ({ chain }) => {
      localStorage.setItem(CHAIN, chain);
      set({ begun: true });
      go(`/chains/${chain}/try`);
    },
  });
}
