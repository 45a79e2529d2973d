import { useMemo } from 'react';

import type { ConnectionView, ConnectorSummary } from '../../bindings/wire';
import { useRead } from '../../engine';

/** The connector of each connection, by its identifier. */
export function useTools(): Map<string, ConnectorSummary> {
  const catalogue = useRead('catalogue_list', {});
  return useMemo(() => new Map((catalogue.data?.connectors ?? []).map((connector) => [connector.id, connector])), [catalogue.data]);
}

/** The place of a connection. */
export const placeOf = (name: string): string => `/connections/${encodeURIComponent(name)}`;

/** Something the user asked for that opens a dialog. */
export type Asked = { what: 'rename' | 'disconnect' | 'replaceKey'; connection: ConnectionView };
