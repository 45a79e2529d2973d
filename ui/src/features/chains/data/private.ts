// Private fields: what stands for them until somebody asks to see one. Pure.
import type { Chain, JsonValue } from '../../../bindings/wire';
import { allSteps } from '../flow/outline';
import type { Tools } from '../useTools';
import { below, isObject } from './values';

/** What stands for a private value. */
export const MASK = '••••••••';

/** Keys that lead to a private field; lists are left out. */
export type PrivateField = readonly string[];

/**
 * The private fields of what a chain's steps take and give: of their operations, and of what comes in, where it
 * starts with something of a connection or waits for it.
 */
export function privateIn(chain: Chain, tools: Pick<Tools, 'connections' | 'connectors' | 'of'>): PrivateField[] {
  const { trigger } = chain;
  const from = 'connection' in trigger ? tools.connections.find((own) => own.name === trigger.connection) : undefined;
  const steps = allSteps(chain).map((step) => ({ ...tools.of(step), waits: step.logic?.type === 'delivery' }));
  const comingIn = [from && tools.connectors.get(from.connector), ...steps.map(({ waits, connector }) => (waits ? connector : undefined))];
  return [...steps.flatMap(({ operation }) => operation?.private ?? []), ...comingIn.flatMap((connector) => (connector?.streams ?? []).flatMap((stream) => stream.private))];
}

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
