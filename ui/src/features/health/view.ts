// What is chosen on the page; it survives leaving it.
import { create } from 'zustand';

import type { HealthRange } from '../../bindings/wire';

interface HealthView {
  range: HealthRange;
  problemsOnly: boolean;
  /** The point of time under the pointer, shared by chart and rows. */
  at: number | undefined;
}

/** What is chosen on the page. */
export const useHealthView = create<HealthView>(() => ({ range: '24h', problemsOnly: false, at: undefined }));
