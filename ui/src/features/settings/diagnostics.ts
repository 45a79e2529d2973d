// What somebody who is asked for help needs to know: versions, sizes and states. No secret, no account, no
// name that the user chose, no host that is called.
import type { About, GatewayView, HealthResponse, LogSettings, QueueStatsResponse, SecretsStatus } from '../../bindings/wire';

/** What diagnostics are told from. */
export interface Known {
  about: About;
  health: HealthResponse;
  secrets: SecretsStatus;
  queues: QueueStatsResponse;
  gateway: GatewayView;
  logs: LogSettings;
  /** The page itself. */
  page: { host: string; agent: string; language: string; zone: string; size: string; theme: string; motion: string; contrast: string };
}

const tally = (words: string[]): string => {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ') || 'none';
};

/** A text to pass on. */
export function diagnostics({ about, health, secrets, queues, gateway, logs, page }: Known): string {
  const sum = (of: (queue: QueueStatsResponse['queues'][number]) => number) => queues.queues.reduce((all, queue) => all + of(queue), 0);
  const lines: [string, string][] = [
    ['Patchbay', `${about.version}, ${about.installed}`],
    ['System', about.system],
    ['Shown in', `${page.host}; ${page.agent}`],
    ['Language', `${page.language}, ${page.zone}`],
    ['Screen', `${page.size}, theme ${page.theme}, motion ${page.motion}, contrast ${page.contrast}`],
    ['Database', `${about.databaseBytes} bytes; ${about.copies} copies, ${about.copiesBytes} bytes`],
    ['Storage problems', tally(health.storage.map((problem) => problem.code))],
    ['Secret store', `${secrets.store}, ${secrets.state}, ${secrets.secrets.length} secrets`],
    ['Connections', tally(health.connections.map((connection) => connection.state))],
    ['Last problems', tally(health.connections.flatMap((connection) => (connection.lastError ? [connection.lastError.code] : [])))],
    ['Runs', `${health.runsActive} active, ${health.runsNeedYou} need the user, ${health.runsInterrupted} interrupted`],
    ['Background work', `${sum((queue) => queue.depth)} waiting, ${sum((queue) => queue.running)} running, ${sum((queue) => queue.dead)} given up`],
    ['Gateway', `${gateway.enabled ? 'on' : 'off'}, ${gateway.listening === null ? 'not listening' : 'listening'}${gateway.problem ? `, ${gateway.problem.code}` : ''}`],
    ['Proxy', about.proxies.length > 0 ? 'set by the system' : 'none'],
    ['Logs', logs.level],
  ];
  return lines.map(([name, value]) => `${name}: ${value}`).join('\n');
}
