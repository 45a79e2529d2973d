import type { JsonValue } from '../../../bindings/wire';

/** Text as the field's type where it can be read as such; else as it is, and the check says so. */
export function fromText(text: string, kind: string): JsonValue {
  if (kind === 'number' || kind === 'whole number') return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  if (kind === 'yes or no') return text === 'true' || text === 'yes' ? true : text === 'false' || text === 'no' ? false : text;
  if (kind === 'list' || kind === 'group' || kind === 'any') {
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      return kind === 'list' ? text.split(',').map((part) => part.trim()) : text;
    }
  }
  return text;
}

/** A value as it is typed. */
export const asText = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));
