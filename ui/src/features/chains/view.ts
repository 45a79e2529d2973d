import { create } from 'zustand';

/** How the list of chains was left: what was looked for, and how far it was scrolled. It survives going elsewhere. */
export const useChainsView = create<{ text: string; top: number }>(() => ({ text: '', top: 0 }));
