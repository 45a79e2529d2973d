/** What an author wrote and did not save, kept in this browser until it is saved or thrown away. */
const key = (name: string): string => `patchbay-connector-draft ${name}`;

/** The draft of a place, if there is one. */
export const draftOf = (name: string): string | undefined => localStorage.getItem(key(name)) ?? undefined;

/** Keeps a draft, or lets go of it. */
export function keepDraft(name: string, text: string | undefined): void {
  if (text === undefined) localStorage.removeItem(key(name));
  else localStorage.setItem(key(name), text);
}

/** A definition under an id and a name of its own, otherwise as it is written. */
export function duplicate(text: string): string {
  return text.replace(/("id"\s*:\s*")([^"]*)(")/, '$1my-$2$3').replace(/("name"\s*:\s*")([^"]*)(")/, '$1My $2$3').replace(/\n?[ \t]*"\$schema"\s*:\s*"[^"]*",?/, '');
}
