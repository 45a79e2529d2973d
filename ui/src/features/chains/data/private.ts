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

/** Where masks stand, and the key that each of them stands under, in the order of the value. */
export type Masks = ReadonlyMap<string, string>;

/** A value in which masks stand for what is private. */
export interface Masked {
  value: JsonValue;
  masks: Masks;
}

/**
 * Puts masks in the place of private values. A field is known by the keys that lead to it, wherever what holds it
 * stands: a service wraps its answers, and requests their bodies. What was never there is not masked.
 */
export function masked(value: JsonValue, path: string, fields: readonly PrivateField[], shown: ReadonlySet<string>): Masked {
  const masks = new Map<string, string>();
  if (fields.length === 0) return { value, masks };
  const walk = (own: JsonValue, at: string, keys: readonly string[]): JsonValue => {
    if (own !== null && own !== '' && !shown.has(at) && keys.length > 0 && fields.some((field) => endsWith(keys, field))) {
      masks.set(at, keys.at(-1) ?? '');
      return MASK;
    }
    if (Array.isArray(own)) return own.map((inner, index) => walk(inner, below(at, index), keys));
    if (!isObject(own)) return own;
    return Object.fromEntries(Object.entries(own).map(([key, inner]) => [key, walk(inner ?? null, below(at, key), [...keys, key])]));
  };
  return { value: walk(value, path, []), masks };
}

const endsWith = (keys: readonly string[], field: PrivateField): boolean =>
  field.length <= keys.length && field.every((key, at) => keys[keys.length - field.length + at] === key);

/** A value as JSON, cut where its masks stand: between two pieces stands one mask. Undefined where something else in it looks like a mask. */
export function piecesOf(text: string, masks: Masks): string[] | undefined {
  const pieces = masks.size === 0 ? [text] : text.split(JSON.stringify(MASK));
  return pieces.length === masks.size + 1 ? pieces : undefined;
}
