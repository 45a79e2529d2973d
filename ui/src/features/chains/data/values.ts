// Data as a table and as a tree. Pure.
import type { JsonValue } from '../../../bindings/wire';

/** Rows, and entries of one level of a tree, that are put on the screen. */
export const SHOWN = 200;
/** Columns of a table. */
const COLUMNS = 12;

/** One value with the path that names it in mappings. */
export interface Picked {
  path: string;
  value: JsonValue;
}

/** A value as a table: objects side by side, their fields as columns. */
export interface Rows {
  columns: string[];
  rows: Picked[];
  /** How many rows there are in all. */
  total: number;
  /** Columns that there is no room for. */
  more: number;
}

export const isObject = (value: unknown): value is Record<string, JsonValue> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The path of an entry, as a template and JSONPath (RFC 9535) write it. */
export const below = (path: string, key: string | number): string =>
  typeof key === 'number' ? `${path}[${key}]` : /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;

/** How much there is in a list or an object. */
export const countOf = (value: JsonValue | undefined): number => (Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0);

/** The entries of a list or an object. */
export function entries(value: JsonValue | undefined, path: string, most = Number.POSITIVE_INFINITY): (Picked & { key: string })[] {
  if (Array.isArray(value)) return value.slice(0, most).map((own, at) => ({ key: String(at), path: below(path, at), value: own }));
  if (isObject(value)) return Object.entries(value).slice(0, most).map(([key, own]) => ({ key, path: below(path, key), value: own ?? null }));
  return [];
}

/** Whether a key or a value in it has the text. */
export function holds(value: JsonValue, text: string): boolean {
  if (text === '') return true;
  if (Array.isArray(value)) return value.some((own) => holds(own, text));
  if (isObject(value)) return Object.entries(value).some(([key, own]) => key.toLowerCase().includes(text) || holds(own ?? null, text));
  return String(value).toLowerCase().includes(text);
}

/** The rows of a value: those of a list, else itself. Only those that hold the text. */
export function rowsOf(value: JsonValue, path: string, text = ''): Rows {
  const all = Array.isArray(value) ? entries(value, path) : [{ path, value }];
  const rows = text === '' ? all : all.filter((row) => holds(row.value, text));
  const names = new Set<string>();
  for (const row of rows.slice(0, SHOWN)) {
    for (const { key } of isObject(row.value) ? entries(row.value, row.path) : []) names.add(key);
  }
  const columns = [...names].slice(0, COLUMNS);
  return { columns, rows: rows.slice(0, SHOWN), total: rows.length, more: Math.max(names.size - COLUMNS, 0) };
}

/** What a row has in a column. */
export const cell = (row: Picked, column: string): Picked | undefined => {
  // A field may be called as what every object has ("constructor").
  const value = isObject(row.value) && Object.hasOwn(row.value, column) ? row.value[column] : undefined;
  return value === undefined ? undefined : { path: below(row.path, column), value };
};

/** The value with what holds the text alone; what a key says is kept as a whole. */
export function onlyWith(value: JsonValue, text: string): JsonValue | undefined {
  if (text === '') return value;
  if (Array.isArray(value)) {
    const kept = value.flatMap((own) => onlyWith(own, text) ?? []);
    return kept.length > 0 ? kept : undefined;
  }
  if (!isObject(value)) return holds(value, text) ? value : undefined;
  const kept = Object.entries(value).flatMap(([key, own]) => {
    const next = key.toLowerCase().includes(text) ? own : onlyWith(own ?? null, text);
    return next === undefined ? [] : [[key, next] as const];
  });
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** A value as it is copied: a text as it is, anything else as JSON. */
export const asText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));
