import { create } from 'zustand';
import { persist } from 'zustand/middleware';

interface Preferences {
  /** The sidebar shows icons only. */
  narrow: boolean;
  /** How chains are shown; by width where not chosen. */
  chainView: 'canvas' | 'list' | undefined;
  /** How large the window shows everything; 1 is the usual size. */
  zoom: number;
  /** Keys that are one sign, such as / or J, do something. */
  signs: boolean;
  /** The first-run screen was left. */
  begun: boolean;
  set: (change: Partial<Omit<Preferences, 'set'>>) => void;
}

/** What the user chose about the interface itself; kept by the host. */
export const usePreferences = create<Preferences>()(
  persist((set) => ({ narrow: false, chainView: undefined, zoom: 1, signs: true, begun: false, set: (change) => set(change) }), {
    name: 'patchbay-preferences',
    version: 1,
  }),
);
