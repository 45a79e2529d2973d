import { Menu } from '@mantine/core';
import { Check, ChevronsUpDown } from 'lucide-react';
import { useLocation } from 'wouter';

import { useWorkspace } from '../engine';
import { visible } from '../lib/format';
import { t } from '../lib/words';

/** Which workspace is shown. Stays away while there is only one. */
export default function WorkspaceSwitch({ workspaces }: { workspaces: string[] }) {
  const [, go] = useLocation();
  const name = useWorkspace((state) => state.name);
  return (
    <Menu position="bottom-start" shadow="md" width={200}>
      <Menu.Target>
        <button type="button" className="side-item" title={t('shell.workspace')}>
          <ChevronsUpDown size={16} aria-hidden />
          <span className="out-of-sight">{t('shell.workspace')}: </span>
          <span className="side-word cut">{visible(name)}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {workspaces.map((workspace) => (
          <Menu.Item
            key={workspace}
            leftSection={workspace === name ? <Check size={14} /> : <span className="check-gap" />}
            onClick={() => {
              useWorkspace.setState({ name: workspace });
              go('/chains');
            }}
          >
            {visible(workspace)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
