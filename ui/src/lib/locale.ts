// Imported first. WebKitGTK under LANG=C reports the language "C", which makes every Intl formatter
// throw: the page would stay blank.

const FALLBACK = 'en-GB';

function valid(tag: string | undefined): string | undefined {
  if (!tag) return undefined;
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

/** The language that numbers and times are written in. */
export const locale: string = valid(navigator.language) ?? FALLBACK;

if (valid(navigator.language) === undefined) {
  for (const [name, value] of [
    ['language', FALLBACK],
    ['languages', [FALLBACK]],
  ] as const) {
    Object.defineProperty(navigator, name, { get: () => value, configurable: true });
  }
}
