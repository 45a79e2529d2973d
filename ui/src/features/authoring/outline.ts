import type { JsonValue } from '../../bindings/wire';
import type { Place, Use } from './paths';

/** What the page needs to know of a definition that may not be in order. */
export interface Outline {
  name: string | undefined;
  streams: { id: string; title: string; itemsPath: string; mapping: Place }[];
}

type Members = { [name: string]: JsonValue | undefined };

const members = (value: JsonValue | undefined): Members | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
const text = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** Name and streams of a definition, as far as they can be read. */
export function outlineOf(definition: string): Outline {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(definition) as JsonValue;
  } catch {
    return { name: undefined, streams: [] };
  }
  const whole = members(parsed);
  const streams = whole?.['streams'];
  const found = (Array.isArray(streams) ? streams : []).flatMap((one, index) => {
    const stream = members(one);
    const id = text(stream?.['id']);
    if (id === undefined) return [];
    const itemsPath = text(members(stream?.['mapping'])?.['itemsPath']) ?? '$[*]';
    return [{ id, title: text(stream?.['title']) ?? id, itemsPath, mapping: ['streams', index, 'mapping'] }];
  });
  return { name: text(whole?.['name']), streams: found };
}

/** The member of a stream's mapping that a use is written to. */
export const MEMBER: Record<Use, string> = { id: 'idPath', time: 'timestampPath', summary: 'summaryTemplate', items: 'itemsPath' };
