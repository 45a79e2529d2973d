import { useMantineColorScheme } from '@mantine/core';
import { useNetwork } from '@mantine/hooks';
import { useMemo } from 'react';
import { useLocation } from 'wouter';

import type { ConnectorSummary } from '../../bindings/wire';
import { pauseConnection, syncConnection, testConnection } from '../../features/connections/work';
import { useRunsView } from '../../features/runs/view';
import { useWorkspaces } from '../../features/settings/workspaces';
import { send, useRead, useWorkspace } from '../../engine';
import { usePreferences } from '../preferences';
import { chainCommands, connectionCommands, connectorCommands, type Doing } from './entries';
import { helpCommands, pageCommands, placeCommands, settingsCommands } from './places';
import type { Command } from './command';
import { pageActions } from './pageActions';

/** Every command there is now. */
export function useCommands(onHelp: () => void): Command[] {
  const [location, go] = useLocation();
  const { online } = useNetwork();
  const chains = useRead('chain_list', {}).data;
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 }).data;
  const connectors = useRead('catalogue_list', {}).data;
  const secrets = useRead('secrets_status', {}).data;
  const workspaces = useWorkspaces();
  const workspace = useWorkspace((state) => state.name);
  const { setColorScheme } = useMantineColorScheme();
  return useMemo(() => {
    // What is done with a connection is seen in its row, or on its own page where that is shown.
    const beside = (name: string) => {
      const own = `/connections/${encodeURIComponent(name)}`;
      if (!location.startsWith('/connections')) go(own);
    };
    const doing: Doing = {
      go,
      test: (name) => {
        beside(name);
        void testConnection(name);
      },
      sync: (name) => {
        beside(name);
        void syncConnection(name);
      },
      pause: (name, paused) => void pauseConnection(name, paused),
      runsOf: (chain) => {
        useRunsView.setState({ chain, state: undefined, failedOnly: false, top: 0, held: undefined });
        go('/runs');
      },
    };
    const tools = new Map<string, ConnectorSummary>((connectors?.connectors ?? []).map((connector) => [connector.id, connector]));
    const keyed = pageCommands(location);
    const known = [
      ...settingsCommands({
        go,
        theme: setColorScheme,
        sidebar: () => usePreferences.getState().set({ narrow: !usePreferences.getState().narrow }),
        // The event that follows shows it.
        lock: () => void send('secrets_lock', {}),
        secrets,
        workspaces,
        workspace,
        choose: (name) => {
          useWorkspace.setState({ name });
          go('/chains');
        },
      }),
      ...chainCommands(chains?.chains ?? [], doing),
      ...connectionCommands(connections?.connections ?? [], tools, online, doing),
      ...placeCommands(go),
      ...connectorCommands(connectors?.connectors ?? [], doing),
      ...helpCommands(go, onHelp, () => go('/settings/diagnostics')),
    ];
    // What has a key, or a command of its own, is named once.
    const named = new Set([...keyed, ...known].map((command) => command.label));
    return [...keyed, ...pageActions().filter((own) => !named.has(own.label)), ...known];
  }, [location, go, online, chains, connections, connectors, secrets, workspaces, workspace, setColorScheme, onHelp]);
}
