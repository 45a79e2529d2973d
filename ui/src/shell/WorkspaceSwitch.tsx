import { Menu } from '@mantine/core';
import { Check, ChevronsUpDown, Settings } from 'lucide-react';
import { useLocation } from 'wouter';

import { useWorkspace } from '../engine';
import type { Workspace } from '../features/settings/workspaces';
import { visible } from '../lib/format';
import { t } from '../lib/words';

/** Which workspace is shown. Stays away while there is only one. */
export default function WorkspaceSwitch({ workspaces, rail }: { workspaces: Workspace[]; rail: boolean }) {
  const [, go] = useLocation();
  const name = useWorkspace((state) => state.name);
  const shown = workspaces.find((workspace) => workspace.name === name);
  const label = visible(shown?.label ?? name);
  return (
    <Menu position="bottom-start" shadow="md" width={240}>
      <Menu.Target>
        <button type="button" className="side-item" title={rail ? `${t('shell.workspace')}: ${label}` : t('shell.workspace')}>
          <ChevronsUpDown size={16} aria-hidden />
          <span className="out-of-sight">{t('shell.workspace')}: </span>
          <span className="side-word cut">{label}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {workspaces.map((workspace) => (
          <Menu.Item
            key={workspace.name}
            aria-current={workspace.name === name ? 'true' : undefined}
            leftSection={workspace.name === name ? <Check size={14} aria-hidden /> : <span className="check-gap" />}
            onClick={() => {
              useWorkspace.setState({ name: workspace.name });
              go('/chains');
            }}
          >
            <span className="cut">{visible(workspace.label)}</span>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Settings size={14} aria-hidden />} onClick={() => go('/settings/workspaces')}>
          {t('shell.manageWorkspaces')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
