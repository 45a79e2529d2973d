import { create } from 'zustand';

import type { Priority, SignalFilter } from '../../bindings/wire';

/** Which part of what came in is shown. */
export type Box = 'unread' | 'all' | 'archived';

/** What the inbox is narrowed to. */
export interface InboxView {
  box: Box;
  text: string;
  connections: string[];
  types: string[];
  priorities: Priority[];
  /** How far the list was scrolled. */
  top: number;
}

/** Survives going to another page and back. */
export const useInboxView = create<InboxView>(() => ({ box: 'all', text: '', connections: [], types: [], priorities: [], top: 0 }));

/** Nothing is narrowed; the box stays. */
export const clearInbox = () => useInboxView.setState({ text: '', connections: [], types: [], priorities: [], top: 0 });

/** Whether anything is narrowed. */
export const isNarrowed = (view: InboxView): boolean =>
  view.text.trim() !== '' || view.connections.length + view.types.length + view.priorities.length > 0;

/** What the engine is asked for. */
export const filterOf = (view: InboxView): SignalFilter => ({
  text: view.text.trim() || null,
  connections: view.connections,
  types: view.types,
  priorities: view.priorities,
  unread: view.box === 'unread',
  archived: view.box === 'archived',
  since: null,
  until: null,
});

/** A kept filter as it is shown. */
export const viewOf = (filter: SignalFilter): Omit<InboxView, 'top'> => ({
  box: filter.archived ? 'archived' : filter.unread ? 'unread' : 'all',
  text: filter.text ?? '',
  connections: filter.connections ?? [],
  types: filter.types ?? [],
  priorities: filter.priorities ?? [],
});
