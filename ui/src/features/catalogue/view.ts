import { create } from 'zustand';

import type { Category } from '../../bindings/wire';

/** What the catalogue is narrowed to. */
export interface CatalogueFilter {
  search: string;
  category: Category | undefined;
  /** Kinds of sign-in; any where none is chosen. */
  methods: string[];
  polling: boolean;
  /** Only those that can tell of what happens by webhook. */
  webhook: boolean;
  connected: boolean;
  /** Only those that the user wrote. */
  mine: boolean;
}

/** Nothing is left out. */
export const EVERYTHING: CatalogueFilter = { search: '', category: undefined, methods: [], polling: false, webhook: false, connected: false, mine: false };

/** How the catalogue was left; it survives going elsewhere. */
export const useCatalogueView = create<CatalogueFilter & { scroll: number }>(() => ({ ...EVERYTHING, scroll: 0 }));

/** Narrows or widens what is shown, and begins at its top. */
export const narrow = (change: Partial<CatalogueFilter>): void => useCatalogueView.setState({ ...change, scroll: 0 });
