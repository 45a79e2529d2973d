import i18next from 'i18next';

import audit from './en/audit.json';
import authoring from './en/authoring.json';
import catalogue from './en/catalogue.json';
import chains from './en/chains.json';
import common from './en/common.json';
import connect from './en/connect.json';
import connections from './en/connections.json';
import health from './en/health.json';
import inbox from './en/inbox.json';
import runs from './en/runs.json';
import settings from './en/settings.json';
import shell from './en/shell.json';
import signIn from './en/signIn.json';
import start from './en/start.json';
import state from './en/state.json';
import webhook from './en/webhook.json';

/** Every sentence of the interface, one file per place. Words for problems come from the engine. */
const en = { audit, authoring, catalogue, chains, common, connect, connections, health, inbox, runs, settings, shell, signIn, start, webhook, ...state };

void i18next.init({
  lng: 'en',
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false },
  returnNull: false,
  initAsync: false,
});

type Leaves<T, P extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${P}${K}` : Leaves<T[K], `${P}${K}.`>;
}[keyof T & string];

type Plural<K extends string> = K extends `${infer Base}_one` | `${infer Base}_other` ? Base : K;

/** A key of the words, such as `catalogue.title`; `_one` and `_other` are chosen by `count`. */
export type WordKey = Plural<Leaves<typeof en>>;

/** Hebrew, Arabic and the other scripts that are written from right to left. */
const TURNS = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The sentence with this key. A value that is written from right to left keeps to itself: it turns no word beside it. */
export function t(key: WordKey, values: Record<string, string | number> = {}): string {
  const apart = Object.entries(values).map(([name, value]) => [name, typeof value === 'string' && TURNS.test(value) ? `\u2068${value}\u2069` : value]);
  return i18next.t(key as string, Object.fromEntries(apart) as typeof values);
}
