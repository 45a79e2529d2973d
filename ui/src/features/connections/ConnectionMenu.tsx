import { ActionIcon, Menu } from '@mantine/core';
import { Ellipsis, KeyRound, LogIn, Pause, Pencil, Play, RefreshCw, Stethoscope, Unplug } from 'lucide-react';

import type { ConnectionView, ConnectorSummary } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { useNoReach } from '../../ui/reach';
import type { Asked } from './useTools';
import { pauseConnection, syncConnection, testConnection, useWork } from './work';

interface Props {
  connection: ConnectionView;
  tool: ConnectorSummary | undefined;
  onAsk: (asked: Asked) => void;
}

/** Everything that can be done with a connection. What cannot be done now says why. */
export function ConnectionMenu({ connection, tool, onAsk }: Props) {
  const { name, paused } = connection;
  const busy = useWork((state) => state.busy[name] !== undefined);
  const noReach = useNoReach(connection.origins);
  const noSync = paused ? t('connections.isPaused') : tool?.streams.length === 0 ? t('connections.nothingToSync') : noReach;
  const method = tool?.auth.find((one) => one.id === connection.auth)?.method;
  const signsIn = method === 'oauth2' || method === 'session';
  const noKey = connection.auth === null ? t('connections.noKey') : undefined;
  return (
    <Menu position="bottom-end" shadow="md" width={220} withInitialFocusPlaceholder={false} classNames={{ dropdown: 'cw-pop' }}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={30} aria-label={t('connections.menuName', { name: visible(name) })}>
          <Ellipsis size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Stethoscope size={16} aria-hidden />} disabled={busy || noReach !== undefined} onClick={() => void testConnection(name)}>
          {t('connections.menu.test')}
          {noReach && <span className="cn-why">{noReach}</span>}
        </Menu.Item>
        <Menu.Item
          leftSection={<RefreshCw size={16} aria-hidden />}
          disabled={busy || noSync !== undefined}
          onClick={() => void syncConnection(name)}
        >
          {t('connections.menu.sync')}
          {noSync && <span className="cn-why">{noSync}</span>}
        </Menu.Item>
        <Menu.Item leftSection={signsIn ? <LogIn size={16} aria-hidden /> : <KeyRound size={16} aria-hidden />} disabled={noKey !== undefined} onClick={() => onAsk({ what: 'replaceKey', connection })}>
          {t(signsIn ? 'connections.menu.signInAgain' : 'connections.menu.replaceKey')}
          {noKey && <span className="cn-why">{noKey}</span>}
        </Menu.Item>
        <Menu.Item leftSection={<Pencil size={16} aria-hidden />} onClick={() => onAsk({ what: 'rename', connection })}>
          {t('connections.menu.rename')}
        </Menu.Item>
        <Menu.Item
          leftSection={paused ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />}
          disabled={busy}
          onClick={() => void pauseConnection(name, !paused)}
        >
          {t(paused ? 'connections.menu.resume' : 'connections.menu.pause')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item className="cn-danger" leftSection={<Unplug size={16} aria-hidden />} onClick={() => onAsk({ what: 'disconnect', connection })}>
          {t('connections.menu.disconnect')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
