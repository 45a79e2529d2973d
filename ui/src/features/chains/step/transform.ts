// Changes of a value on its way to a field: kept as a template of one value and one filter, which the engine fills in. Pure.
import type { FieldMap, JsonValue } from '../../../bindings/wire';

/** What can be done with a value, or with a list of them. */
export const TRANSFORMS = ['join', 'upper', 'lower', 'title', 'trim', 'date_format', 'lookup'] as const;

export type Transform = (typeof TRANSFORMS)[number];

/** A value and what is done with it. */
export interface Transformed {
  /** The JSONPath to the value. */
  path: string;
  transform: Transform;
  /** What the filter is told: what stands between the elements of a list; the form of a date and its time zone; a table and what stands for the rest. */
  told: JsonValue[];
}

/** Forms of dates that many tools take or people write, as `strftime` has them, with what the engine makes of one evening. */
export const DATE_FORMS: Record<string, string> = {
  '%Y-%m-%d': '2026-11-20',
  '%d.%m.%Y': '20.11.2026',
  '%d/%m/%Y': '20/11/2026',
  '%m/%d/%Y': '11/20/2026',
  '%-d %B %Y': '20 November 2026',
  '%A, %-d %B': 'Friday, 20 November',
  '%Y-%m-%d %H:%M': '2026-11-20 20:00',
  '%H:%M': '20:00',
};

/** What a filter is told unless somebody wants something else. */
export function toldAtFirst(transform: Transform): JsonValue[] {
  if (transform === 'join') return [', '];
  if (transform === 'date_format') return ['%Y-%m-%d', Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'];
  return transform === 'lookup' ? [{}] : [];
}

const NAMES = /^\$(?:\.[A-Za-z_]\w*)(?:\.[A-Za-z_]\w*|\['[^'"\\{}]*'\])*$/;
const FILLED = /^\{\{ ([^|]+)\|([a-z_]+)(?:\((.*)\))? \}\}$/;

/** Whether something can be done with it: the place of one value, not a search. */
export const canTransform = (path: string): boolean => NAMES.test(path);

/** The source that gives a value so; none where nothing can be done with it. */
export function transformed({ path, transform, told }: Transformed): FieldMap['source'] | undefined {
  if (!canTransform(path)) return undefined;
  const name = path.slice(2).replace(/\['([^']*)'\]/g, '["$1"]');
  // The engine writes texts, numbers, yes and no, lists and tables of these as JSON does.
  const brackets = told.length > 0 ? `(${told.map((one) => JSON.stringify(one)).join(', ')})` : '';
  return { type: 'template', template: `{{ ${name}|${transform}${brackets} }}` };
}

/** The value and what is done with it; none where a source is something else, or was written otherwise. */
export function transformOf(source: FieldMap['source'] | undefined): Transformed | undefined {
  if (source?.type !== 'template') return undefined;
  const [, name = '', filter, brackets = ''] = FILLED.exec(source.template) ?? [];
  const transform = TRANSFORMS.find((own) => own === filter);
  const told = readTold(brackets);
  if (!transform || !told || !fits(transform, told)) return undefined;
  const found = { path: `$.${name.replace(/\["([^"]*)"\]/g, "['$1']")}`, transform, told };
  const again = transformed(found);
  return again?.type === 'template' && again.template === source.template ? found : undefined;
}

function readTold(brackets: string): JsonValue[] | undefined {
  try {
    return JSON.parse(`[${brackets}]`) as JsonValue[];
  } catch {
    return undefined;
  }
}

/** Whether a filter is told what its form can show. */
function fits(transform: Transform, [first, second, ...more]: JsonValue[]): boolean {
  if (more.length > 0) return false;
  if (transform === 'join') return typeof first === 'string' && second === undefined;
  if (transform === 'date_format') return typeof first === 'string' && (second === undefined || typeof second === 'string');
  if (transform === 'lookup') return isTable(first) && Object.values(first).every(isPlain) && (second === undefined || isPlain(second));
  return first === undefined;
}

/** A table: what a value is, and what it becomes. */
export const isTable = (value: JsonValue | undefined): value is Record<string, JsonValue> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isPlain = (value: JsonValue | undefined): boolean => ['string', 'number', 'boolean'].includes(typeof value);
