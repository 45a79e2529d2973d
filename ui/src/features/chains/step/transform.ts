// Changes of a text on its way to a field: kept as a template of one value and one filter, which the engine fills in. Pure.
import type { FieldMap } from '../../../bindings/wire';

/** What can be done with a text, or with a list of them. */
export const TRANSFORMS = ['join', 'upper', 'lower', 'title', 'trim'] as const;

export type Transform = (typeof TRANSFORMS)[number];

/** A value and what is done with it. */
export interface Transformed {
  /** The JSONPath to the value. */
  path: string;
  transform: Transform;
  /** What stands between the elements of a list that is joined. */
  separator: string;
}

/** What stands between elements unless somebody wants something else. */
export const SEPARATOR = ', ';

const NAMES = /^\$(?:\.[A-Za-z_]\w*)(?:\.[A-Za-z_]\w*|\['[^'"\\{}]*'\])*$/;
const FILLED = /^\{\{ ([^|]+)\|([a-z]+)(?:\((".*")\))? \}\}$/;

/** Whether something can be done with it: the place of one value, not a search. */
export const canTransform = (path: string): boolean => NAMES.test(path);

/** The source that gives a value so; none where nothing can be done with it. */
export function transformed({ path, transform, separator }: Transformed): FieldMap['source'] | undefined {
  if (!canTransform(path)) return undefined;
  const name = path.slice(2).replace(/\['([^']*)'\]/g, '["$1"]');
  const filter = transform === 'join' ? `join(${JSON.stringify(separator)})` : transform;
  return { type: 'template', template: `{{ ${name}|${filter} }}` };
}

/** The value and what is done with it; none where a source is something else, or was written otherwise. */
export function transformOf(source: FieldMap['source'] | undefined): Transformed | undefined {
  if (source?.type !== 'template') return undefined;
  const [, name = '', filter, quoted] = FILLED.exec(source.template) ?? [];
  const transform = TRANSFORMS.find((own) => own === filter);
  if (!transform) return undefined;
  const found = { path: `$.${name.replace(/\["([^"]*)"\]/g, "['$1']")}`, transform, separator: quoted === undefined ? SEPARATOR : readText(quoted) };
  const again = transformed(found);
  return again?.type === 'template' && again.template === source.template ? found : undefined;
}

function readText(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return SEPARATOR;
  }
}
