import type { JsonValue } from '../../bindings/wire';

/** Where a value is in an answer: names and places from its top. */
export type Place = (string | number)[];

/** What a value of an answer can be made in the definition. */
export type Use = 'id' | 'time' | 'summary' | 'items';

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A place as a JSONPath (RFC 9535). */
export function pathOf(place: Place): string {
  return place.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    return PLAIN.test(part) ? `${path}.${part}` : `${path}[${quoted(part)}]`;
  }, '$');
}

const quoted = (name: string): string => `'${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** The items path that makes every value of the nearest list around a place an item. */
export function itemsPathOf(place: Place, value: JsonValue): string | undefined {
  if (Array.isArray(value)) return `${pathOf(place)}[*]`;
  const at = place.map((part) => typeof part).lastIndexOf('number');
  return at < 0 ? undefined : `${pathOf(place.slice(0, at))}[*]`;
}

/** The place within its item; nothing where no item is around it. */
export function withinItem(place: Place, itemsPath: string): Place | undefined {
  for (let length = 0; length <= place.length; length += 1) {
    const general = pathOf(place.slice(0, length)).replace(/\[\d+\]/g, '[*]');
    if (general === normal(itemsPath)) return place.slice(length);
  }
  return undefined;
}

/** The same path with names written as `pathOf` writes them. */
function normal(path: string): string {
  return path.replace(/\[(['"])([A-Za-z_][A-Za-z0-9_]*)\1\]/g, '.$2');
}

/** A template that gives the value at a place of an item; nothing where a name cannot stand in one. */
export function templateOf(place: Place): string | undefined {
  if (place.length === 0 || !place.every((part, at) => (typeof part === 'number' ? at > 0 : PLAIN.test(part)))) return undefined;
  return `{{${pathOf(place).slice(2)}}}`;
}

/** A field that items have. */
export interface FoundField {
  place: Place;
  type: string;
  example: JsonValue;
  /** Items that have it. */
  count: number;
}

/** The fields of items, in the order in which they are met. Lists are one field. */
export function fieldsOf(items: JsonValue[]): FoundField[] {
  const found = new Map<string, FoundField>();
  const walk = (value: JsonValue, place: Place) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [name, member] of Object.entries(value)) if (member !== undefined) walk(member, [...place, name]);
      return;
    }
    const key = pathOf(place);
    const known = found.get(key);
    if (!known) found.set(key, { place, type: typeOf(value), example: value, count: 1 });
    else {
      known.count += 1;
      if (known.example === null && value !== null) Object.assign(known, { type: typeOf(value), example: value });
    }
  };
  for (const item of items) walk(item, []);
  return [...found.values()];
}

const typeOf = (value: JsonValue): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);
