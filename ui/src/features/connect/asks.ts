import type { AuthDetail, ConfigField, ConnectionView, ConnectorDetail } from '../../bindings/wire';
import type { Draft } from './draft';
import { asked, hasAddress, methodOf, partOfAddress } from './settings';
import { givesTokens } from './signIn/phase';

/** What is asked, and in which steps. */
export interface Asks {
  method: AuthDetail | undefined;
  /** The sign-in gives tokens. */
  tokens: boolean;
  /** Settings that are asked for before signing in. */
  early: ConfigField[];
  /** Those that are asked for after it. */
  late: ConfigField[];
  /** Signing in again is tested by the engine before anything changes. */
  reconnects: boolean;
  skipsSetUp: boolean;
  /** What is part of the program needs no sign-in and moves nowhere: its settings are all there is. */
  skipsSignIn: boolean;
}

/** What a connector asks for, given the answers until now. */
export function asksOf(detail: ConnectorDetail, draft: Draft, replacing: ConnectionView | undefined): Asks {
  const method = methodOf(detail, draft.method);
  const fields = asked(detail.settings, draft.settings);
  const tokens = givesTokens(method);
  const early = fields.filter((field) => partOfAddress(detail, field) || method?.before.includes(field.key));
  const late = fields.filter((field) => !early.includes(field));
  return {
    method,
    tokens,
    early,
    late,
    reconnects: replacing !== undefined && tokens,
    skipsSetUp: replacing !== undefined || late.length === 0,
    skipsSignIn: !replacing && !method && !hasAddress(detail) && early.length === 0 && late.length > 0,
  };
}
