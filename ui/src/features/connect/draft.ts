import type { ConnectionView, ConnectorDetail } from '../../bindings/wire';
import { simplest } from './signIn/phase';
import { chosenBefore, usesOf } from './signIn/scopes';
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
  /** What a sign-in is for: streams and actions by their ids; everything where absent. */
  uses: string[] | undefined;
  /** Another account than that of a connection that is there already. */
  anotherAccount: boolean;
}

/** A field's identifier in the page. */
export const fieldId = (key: string): string => `cw-${key}`;

/** Where the form begins: at the defaults, or at the connection whose key is replaced. */
export function beginning(detail: ConnectorDetail, known: ConnectionView[], replacing: ConnectionView | undefined): Draft {
  const kept = Object.fromEntries(Object.entries(replacing?.config ?? {}).map(([key, value]) => [key, asText(value)]));
  const { [BASE_URL]: moved, ...settings } = kept;
  return {
    method: replacing?.auth ?? simplest(detail)?.id,
    secrets: {},
    settings: replacing ? settings : defaultsOf(detail.settings),
    baseUrl: moved ?? plainAddress(detail),
    allowPrivate: replacing?.allowPrivate ?? false,
    advanced: false,
    name: replacing?.name ?? freeName(detail.summary.name, known.map((other) => other.name)),
    syncNow: true,
    uses: replacing ? (replacing.uses ?? chosenBefore(usesOf(detail), replacing.scopes)) : undefined,
    anotherAccount: false,
  };
}
