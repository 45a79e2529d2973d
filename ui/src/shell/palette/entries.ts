// What each thing that is there can be asked to do. Pure: what is known goes in, commands come out.
import { Clock, Grid2x2, KeyRound, Pause, Play, Plug, RefreshCw, Stethoscope, Workflow } from 'lucide-react';

import type { ChainSummary, ConnectionView, ConnectorSummary } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { isHere } from '../../ui/reach';
import type { Command } from './command';

/** What commands do, given from outside. */
export interface Doing {
  go: (path: string) => void;
  test: (name: string) => void;
  sync: (name: string) => void;
  pause: (name: string, paused: boolean) => void;
  runsOf: (chain: string) => void;
}

/** Two commands for each chain. */
export function chainCommands(chains: ChainSummary[], { go, runsOf }: Doing): Command[] {
  return chains.flatMap((chain): Command[] => {
    const name = visible(chain.name);
    const run = { label: t('shell.palette.run', { name }), act: () => go(`/chains/${chain.id}/run`) };
    const open = { label: t('shell.palette.open', { name }), act: () => go(`/chains/${chain.id}`) };
    const starts = { label: t('shell.palette.starts', { name }), act: () => go(`/chains/${chain.id}/start`) };
    const runs = { label: t('shell.palette.runsOf', { name }), act: () => runsOf(chain.id) };
    const empty = chain.steps.length === 0;
    return [
      { id: `run ${chain.id}`, group: 'chains', icon: Play, label: run.label, why: empty ? t('shell.palette.why.noSteps') : undefined, actions: [run, open, starts, runs] },
      { id: `open ${chain.id}`, group: 'chains', icon: Workflow, label: open.label, also: 'edit chain', actions: [open, ...(empty ? [] : [run]), starts, runs] },
      { id: `starts ${chain.id}`, group: 'chains', icon: Clock, label: starts.label, also: 'trigger schedule publish', actions: [starts, open] },
    ];
  });
}

/** What can be done with each connection; what cannot be done now says why. */
export function connectionCommands(connections: ConnectionView[], tools: Map<string, ConnectorSummary>, online: boolean, doing: Doing): Command[] {
  return connections.flatMap((connection): Command[] => {
    const { name: own, paused } = connection;
    const name = visible(own);
    const tool = tools.get(connection.connector);
    const place = `/connections/${encodeURIComponent(own)}`;
    const also = `${tool?.name ?? ''} ${connection.account?.label ?? ''}`;
    // What is on this computer is there without a network.
    const away = !online && !isHere(connection.origins) ? t('shell.palette.why.offline') : undefined;
    const method = tool?.auth.find((one) => one.id === connection.auth)?.method;
    const open = { label: t('shell.palette.open', { name }), act: () => doing.go(place) };
    const test = { label: t('shell.palette.test', { name }), act: () => doing.test(own) };
    const sync = { label: t('shell.palette.sync', { name }), act: () => doing.sync(own) };
    const pause = { label: t(paused ? 'shell.palette.resume' : 'shell.palette.pause', { name }), act: () => doing.pause(own, !paused) };
    const key = {
      label: t(method === 'oauth2' || method === 'session' ? 'shell.palette.signIn' : 'shell.palette.replaceKey', { name }),
      act: () => doing.go(`${place}/sign-in`),
    };
    const nothing = tool?.streams.length === 0 ? t('connections.nothingToSync') : paused ? t('connections.isPaused') : away;
    return [
      { id: `open ${connection.id}`, group: 'connections', icon: Plug, label: open.label, also, actions: [open, test, pause] },
      { id: `test ${connection.id}`, group: 'connections', icon: Stethoscope, label: test.label, also, why: away, actions: [test, open] },
      { id: `sync ${connection.id}`, group: 'connections', icon: RefreshCw, label: sync.label, also, why: nothing, actions: [sync, open] },
      { id: `key ${connection.id}`, group: 'connections', icon: KeyRound, label: key.label, also: `${also} login key token`, why: connection.auth === null ? t('connections.noKey') : away, actions: [key, open] },
      { id: `pause ${connection.id}`, group: 'connections', icon: paused ? Play : Pause, label: pause.label, also, actions: [pause, open] },
    ];
  });
}

/** One command for each connector. */
export function connectorCommands(connectors: ConnectorSummary[], { go }: Doing): Command[] {
  return connectors.map((connector) => {
    const name = visible(connector.name);
    const look = { label: t('shell.palette.look', { name }), act: () => go(`/catalogue/${connector.id}`) };
    const copy = { label: t('shell.palette.duplicate', { name }), act: () => go(`/catalogue/new/${connector.id}`) };
    return {
      id: `connect ${connector.id}`,
      group: 'connectors',
      icon: Grid2x2,
      label: t('shell.palette.connect', { name }),
      also: 'add',
      actions: [{ label: t('shell.palette.connect', { name }), act: () => go(`/catalogue/${connector.id}/connect`) }, look, copy],
    };
  });
}
