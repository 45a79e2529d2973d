import { Activity, Grid2x2, History, Inbox, Plug, Settings, Workflow, type LucideIcon } from 'lucide-react';

import type { WordKey } from '../lib/words';

/** A page of the sidebar. */
export interface SidebarPage {
  path: string;
  word: WordKey;
  icon: LucideIcon;
}

/** In the order of the sidebar, and of Ctrl 1, Ctrl 2, … A page appears when it has content. */
export const PAGES: SidebarPage[] = [
  { path: '/catalogue', word: 'shell.catalogue', icon: Grid2x2 },
  { path: '/connections', word: 'shell.connections', icon: Plug },
  { path: '/chains', word: 'shell.chains', icon: Workflow },
  { path: '/runs', word: 'shell.runs', icon: History },
  { path: '/inbox', word: 'shell.inbox', icon: Inbox },
  { path: '/health', word: 'shell.health', icon: Activity },
  { path: '/settings', word: 'shell.settings', icon: Settings },
];
