import { useEffect, useMemo } from 'react';

import { useRead, useWorkspace } from '../../engine';
import { plain } from '../../lib/plain';
import { t } from '../../lib/words';

/** A workspace as it is shown. */
export interface Workspace {
  name: string;
  label: string;
}

/** The workspaces, the first one first. Where the one that is shown is gone, the first one is shown. */
export function useWorkspaces(): Workspace[] {
  const list = useRead('workspace_list', {}).data;
  const shown = useWorkspace((state) => state.name);
  useEffect(() => {
    if (list && !list.workspaces.includes(shown)) useWorkspace.setState({ name: 'default' });
  }, [list, shown]);
  return useMemo(() => list?.workspaces.map((name) => ({ name, label: list.labels[name] ?? (name === 'default' ? t('shell.firstWorkspace') : name) })) ?? [], [list]);
}

/** A folder's name for what the user calls a workspace; another one where it is taken. */
export function folderName(label: string, taken: string[]): string {
  const base = plain(label).replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 34) || 'workspace';
  let name = base;
  for (let n = 2; taken.includes(name); n += 1) name = `${base}-${n}`;
  return name;
}
