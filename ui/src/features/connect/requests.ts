import type { ConnectionView, ConnectorDetail, ConnectRequest } from '../../bindings/wire';
import type { Asks } from './asks';
import type { Draft } from './draft';
import { BASE_URL, given, plainAddress, type Settings } from './settings';
import type { Beginning } from './signIn/useSignIn';

/** The credentials that were entered. */
const entered = ({ method }: Asks, draft: Draft): Settings => Object.fromEntries((method?.fields ?? []).flatMap((field) => (draft.secrets[field.key] ? [[field.key, draft.secrets[field.key] ?? '']] : [])));

/** Another address than the connector's own, where one was entered. */
function moved(detail: ConnectorDetail, draft: Draft): Settings {
  const address = draft.baseUrl.trim();
  return address && address !== plainAddress(detail) ? { [BASE_URL]: address } : {};
}

/** Settings that the sign-in itself goes by. */
export function settingsBefore({ early }: Asks, draft: Draft, replacing: ConnectionView | undefined): Settings {
  const keys = replacing ? Object.keys(draft.settings) : early.map((field) => field.key);
  return Object.fromEntries(keys.map((key) => [key, draft.settings[key] ?? '']));
}

/** What a test tries, and what a new connection is made of. */
export const connectRequest = (detail: ConnectorDetail, asks: Asks, draft: Draft, signIn: string | undefined): ConnectRequest => ({
  connector: detail.summary.id,
  name: draft.name.trim(),
  auth: asks.method?.id ?? null,
  config: { ...given(draft.settings), ...moved(detail, draft) },
  secrets: asks.tokens ? {} : entered(asks, draft),
  allowPrivate: draft.allowPrivate,
  signIn: asks.tokens ? (signIn ?? null) : null,
});

/** What a sign-in begins with. `uses` are all that it could be for. */
export const signInRequest = (detail: ConnectorDetail, asks: Asks, draft: Draft, replacing: ConnectionView | undefined, uses: string[]): Beginning['request'] => ({
  connector: detail.summary.id,
  auth: asks.method?.id ?? null,
  config: { ...given(settingsBefore(asks, draft, replacing)), ...moved(detail, draft) },
  secrets: entered(asks, draft),
  allowPrivate: draft.allowPrivate,
  // For a connection that is there, nothing chosen would mean what was chosen before.
  uses: draft.uses ?? (replacing ? uses : null),
  connection: replacing?.name ?? null,
  chooseAccount: draft.anotherAccount,
});
