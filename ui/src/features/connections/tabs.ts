import { create } from 'zustand';

/** The parts of a connection's page. */
export type DetailTab = 'overview' | 'data' | 'setUp' | 'history';

/** Which part is open; it stays from connection to connection. */
export const useDetailTab = create<{ tab: DetailTab }>(() => ({ tab: 'overview' }));
