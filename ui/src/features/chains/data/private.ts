// Private fields: what stands for them until somebody asks to see one. Pure.
import type { JsonValue, OperationDetail } from '../../../bindings/wire';
import { below, isObject } from './values';

/** What stands for a private value. */
export const MASK = '••••••••';

/** Keys that lead to a private field; lists are left out. */
export type PrivateField = readonly string[];

/** The private fields of operations. */
export const privateOf = (...operations: (OperationDetail | undefined)[]): PrivateField[] => operations.flatMap((operation) => operation?.private ?? []);

/** A value in which masks stand for what is private, and where they stand. */
export interface Masked {
  value: JsonValue;
  paths: ReadonlySet<string>;
}

/**
 * Puts masks in the place of private values. A field is known by the keys that lead to it, wherever what holds it
 * stands: a service wraps its answers, and requests their bodies. What was never there is not masked.
 */
export function masked(value: JsonValue, path: string, fields: readonly PrivateField[], shown: ReadonlySet<string>): Masked {
  const paths = new Set<string>();
  if (fields.length === 0) return { value, paths };
  const walk = (own: JsonValue, at: string, keys: readonly string[]): JsonValue => {
    if (own !== null && own !== '' && !shown.has(at) && keys.length > 0 && fields.some((field) => endsWith(keys, field))) {
      paths.add(at);
      return MASK;
    }
    if (Array.isArray(own)) return own.map((inner, index) => walk(inner, below(at, index), keys));
    if (!isObject(own)) return own;
    return Object.fromEntries(Object.entries(own).map(([key, inner]) => [key, walk(inner ?? null, below(at, key), [...keys, key])]));
  };
  return { value: walk(value, path, []), paths };
}

const endsWith = (keys: readonly string[], field: PrivateField): boolean =>
  field.length <= keys.length && field.every((key, at) => keys[keys.length - field.length + at] === key);
