import { create } from 'zustand';

import type { Span } from './words';

/** So many acts are shown at first. */
const SHOWN = 100;

interface AuditView {
  text: string;
  connection: string | null;
  action: string | null;
  span: Span;
  /** Where the span began when it was chosen. */
  since: string | undefined;
  limit: number;
  /** How far it was scrolled. */
  top: number;
}

/** Nothing is narrowed. */
const ALL: AuditView = { text: '', connection: null, action: null, span: 'all', since: undefined, limit: SHOWN, top: 0 };

/** How the audit log was left. It survives going elsewhere. */
export const useAuditView = create<AuditView>(() => ALL);

/** Shows everything again. */
export const clearAudit = () => useAuditView.setState(ALL);
