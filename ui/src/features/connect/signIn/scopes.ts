import type { Access, ConnectorDetail, OAuthDetail } from '../../../bindings/wire';

/** Something that a connection can be for: a stream that is read, an action that is called. */
export interface Use {
  id: string;
  title: string;
  scopes: string[];
  /** Whether it changes anything in the service. */
  write: boolean;
}

/** Everything that a connector can be used for; what is read comes first. One id may be both stream and action. */
export function usesOf(detail: ConnectorDetail): Use[] {
  const uses = new Map<string, Use>();
  const all = [...detail.streams.map((stream) => ({ ...stream, effect: false })), ...detail.operations];
  for (const { id, title, scopes, effect } of all) {
    const known = uses.get(id);
    const joined = [...new Set([...(known?.scopes ?? []), ...scopes])];
    uses.set(id, { id, title: known?.title ?? title, scopes: joined, write: effect || (known?.write ?? false) });
  }
  return [...uses.values()].sort((a, b) => Number(a.write) - Number(b.write));
}

/** Whether an entry is chosen; everything is where nothing was chosen. */
export const isChosen = (chosen: string[] | undefined, id: string): boolean => chosen === undefined || chosen.includes(id);

/** The choice with one entry switched; none where everything is chosen again. */
export function switched(uses: Use[], chosen: string[] | undefined, id: string): string[] | undefined {
  const now = uses.map((use) => use.id).filter((other) => (other === id ? !isChosen(chosen, id) : isChosen(chosen, other)));
  return now.length === uses.length ? undefined : now;
}

/** A permission as a person reads it. */
export interface ScopeRow {
  scope: string;
  label: string;
  access: Access;
}

/** The permissions that follow from a choice, what only reads first. */
export function scopeRows(oauth: OAuthDetail, uses: Use[], chosen: string[] | undefined): ScopeRow[] {
  const wanted = uses.filter((use) => isChosen(chosen, use.id));
  const names = new Set([...oauth.always, ...wanted.flatMap((use) => use.scopes)]);
  const rows = [...names].map((scope) => rowOf(oauth, uses, scope));
  return rows.sort((a, b) => Number(a.access === 'write') - Number(b.access === 'write'));
}

/** One permission: the definition's words, or its name and what it is needed for. */
export function rowOf(oauth: OAuthDetail | null, uses: Use[], scope: string): ScopeRow {
  const known = oauth?.scopes.find((one) => one.name === scope);
  const writes = uses.some((use) => use.write && use.scopes.includes(scope));
  return { scope, label: known?.label ?? scope, access: known?.access ?? (writes ? 'write' : 'read') };
}

/** What will not work without some permissions. */
export const lostWithout = (uses: Use[], chosen: string[] | undefined, missing: string[]): Use[] =>
  uses.filter((use) => isChosen(chosen, use.id) && use.scopes.some((scope) => missing.includes(scope)));

/** What a connection with these permissions is for; everything where that is all of it, or where none are told. */
export function chosenBefore(uses: Use[], granted: string[]): string[] | undefined {
  if (granted.length === 0) return undefined;
  const possible = uses.filter((use) => use.scopes.every((scope) => granted.includes(scope)));
  return possible.length === uses.length || possible.length === 0 ? undefined : possible.map((use) => use.id);
}
