import i18next from 'i18next';

import en from './en.json';

/** Every sentence of the interface is in en.json; words for problems come from the engine. */
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

/** A key of en.json. */
export type WordKey = Plural<Leaves<typeof en>>;

/** The sentence with this key. `count` chooses between one and many. */
export function t(key: WordKey, values?: Record<string, string | number>): string {
  return i18next.t(key as string, values ?? {});
}
