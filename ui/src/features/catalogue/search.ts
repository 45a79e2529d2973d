import type { ConnectionState, ConnectionView, ConnectorSummary } from '../../bindings/wire';
import { plain } from '../../lib/plain';
import { t } from '../../lib/words';
import type { CatalogueFilter } from './view';

/** A connector with what is searched in it and its connections, the one in trouble first. */
export interface Entry {
  connector: ConnectorSummary;
  name: string;
  text: string;
  connections: ConnectionView[];
}

const TROUBLE: ConnectionState[] = ['error', 'stale', 'disconnected', 'testing', 'authenticating', 'connecting', 'active', 'connected'];

/** Connectors with their connections. */
export function entriesOf(connectors: ConnectorSummary[], connections: ConnectionView[]): Entry[] {
  const by = new Map<string, ConnectionView[]>();
  for (const connection of connections) by.set(connection.connector, [...(by.get(connection.connector) ?? []), connection]);
  return connectors.map((connector) => ({
    connector,
    name: plain(connector.name),
    text: plain(`${connector.name} ${connector.description} ${t(`catalogue.category.${connector.category}`)}`),
    connections: (by.get(connector.id) ?? []).sort((a, b) => TROUBLE.indexOf(a.state) - TROUBLE.indexOf(b.state)),
  }));
}

/** The kinds of sign-in of a connector; `none` where it needs none. */
export const methodsOf = (connector: ConnectorSummary): string[] =>
  connector.auth.length > 0 ? [...new Set(connector.auth.map((way) => way.method))] : ['none'];

/** What matches; the name that is searched comes first, then those that begin with the search. */
export function matching(entries: Entry[], filter: CatalogueFilter): Entry[] {
  const words = plain(filter.search).split(/\s+/).filter(Boolean);
  const found = entries.filter(
    ({ connector, text, connections }) =>
      (!filter.category || connector.category === filter.category) &&
      (!filter.polling || connector.streams.length > 0) &&
      (!filter.webhook || connector.webhook) &&
      (!filter.mine || connector.mine) &&
      (!filter.connected || connections.length > 0) &&
      (filter.methods.length === 0 || methodsOf(connector).some((method) => filter.methods.includes(method))) &&
      words.every((word) => text.includes(word)),
  );
  const [first] = words;
  if (first === undefined) return found;
  const whole = words.join(' ');
  const rank = ({ name }: Entry) => (name === whole ? 0 : name.startsWith(whole) ? 1 : name.includes(whole) ? 2 : name.startsWith(first) ? 3 : name.includes(first) ? 4 : 5);
  return found.map((entry) => ({ entry, at: rank(entry) })).sort((a, b) => a.at - b.at).map(({ entry }) => entry);
}
