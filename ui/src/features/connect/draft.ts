import type { ConnectionView, ConnectorDetail } from '../../bindings/wire';
import { asText, BASE_URL, defaultsOf, freeName, plainAddress, type Settings } from './settings';

/** What is being filled in. Secrets live here only, and go when this goes. */
export interface Draft {
  method: string | undefined;
  secrets: Settings;
  settings: Settings;
  baseUrl: string;
  allowPrivate: boolean;
  advanced: boolean;
  name: string;
  syncNow: boolean;
}

/** A field's identifier in the page. */
export const fieldId = (key: string): string => `cw-${key}`;

/** Where the form begins: at the defaults, or at the connection whose key is replaced. */
export function beginning(detail: ConnectorDetail, known: ConnectionView[], replacing: ConnectionView | undefined): Draft {
  const kept = Object.fromEntries(Object.entries(replacing?.config ?? {}).map(([key, value]) => [key, asText(value)]));
  const { [BASE_URL]: moved, ...settings } = kept;
  return {
    method: replacing?.auth ?? detail.auth[0]?.id,
    secrets: {},
    settings: replacing ? settings : defaultsOf(detail.settings),
    baseUrl: moved ?? plainAddress(detail),
    allowPrivate: replacing?.allowPrivate ?? false,
    advanced: false,
    name: replacing?.name ?? freeName(detail.summary.name, known.map((other) => other.name)),
    syncNow: true,
  };
}
