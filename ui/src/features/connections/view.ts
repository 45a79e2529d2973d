import { create } from 'zustand';

/** How the list of connections was left: what was looked for, and how far it was scrolled. It survives going elsewhere. */
export const useConnectionsView = create<{ text: string; top: number }>(() => ({ text: '', top: 0 }));
