// Private fields: what stands for them until somebody asks to see one. Pure.
import type { ItemData, JsonValue, RequestSummary, RunReport, StepPrivacy } from '../../../bindings/wire';
import { below, isObject } from './values';

/** What stands for a private value. */
export const MASK = '••••••••';

/** Keys that lead to a private field; lists are left out. */
export type PrivateField = readonly string[];

/** What of a step's data is private: fields, and what the engine says beyond them. */
export interface Privates {
  fields: readonly PrivateField[];
  privacy: StepPrivacy;
}

/** Nothing beyond fields is private. */
export const OPEN: StepPrivacy = { unknown: false, body: false, addresses: [] };

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

/** A part of an address, and whether a mask stands for it. */
export interface AddressPart {
  text: string;
  hidden: boolean;
}

/** An address in parts: what lies between its slashes, with them. */
export function addressParts(url: string, { unknown, addresses }: StepPrivacy): AddressPart[] {
  const parts = url.split('/');
  // Scheme, nothing, host: who is called is no secret of the data.
  const host = url.includes('://') ? 3 : 0;
  const ends = addresses.map((end) => end.split('/')).filter((end) => end.length <= parts.length && end.every((wanted, at) => wanted.startsWith('{') || wanted === parts[parts.length - end.length + at]));
  const isPrivate = (at: number) => ends.some((end) => end[at - (parts.length - end.length)] === '{private}');
  const split = parts.map((text, at) => ({ text: at === 0 ? text : `/${text}`, hidden: at >= host && text !== '' && (unknown || isPrivate(at)) }));
  // Parts that are shown belong together, and so do those that are not.
  return split.reduce<AddressPart[]>((sum, part) => {
    const last = sum.at(-1);
    return last?.hidden === part.hidden ? [...sum.slice(0, -1), { text: last.text + part.text, hidden: part.hidden }] : [...sum, part];
  }, []);
}

/** Whether anything may be masked. */
export const masks = ({ fields, privacy }: Privates): boolean => fields.length > 0 || privacy.unknown;

/** A value without what is private in it, for files. */
export const withoutPrivate = (value: JsonValue, { fields, privacy }: Privates): JsonValue => (privacy.unknown && value !== null ? MASK : masked(value, '$', fields, NOTHING).value);

/** A request without what is private in it, for files. */
function requestWithout(request: RequestSummary, privates: Privates): RequestSummary {
  const { privacy } = privates;
  const body = request.body === undefined || request.body === null ? request.body : privacy.body ? MASK : withoutPrivate(request.body, privates);
  return { ...request, url: addressWithout(request.url, privacy), ...(body === undefined ? {} : { body }) };
}

const addressWithout = (url: string, privacy: StepPrivacy): string => addressParts(url, privacy).map(({ text, hidden }) => (hidden ? `/${MASK}` : text)).join('');

/** An item's result without what is private in it, for files. */
export function itemWithout(item: ItemData, privates: Privates): ItemData {
  const { outcome } = item;
  return outcome?.outcome === 'done' ? { ...item, outcome: { ...outcome, output: withoutPrivate(outcome.output, privates) } } : item;
}

/** A report without what is private in it, for files. */
export function reportWithout(report: RunReport): RunReport {
  const of = (step: string): Privates => ({ fields: report.private, privacy: report.steps.find((own) => own.step === step)?.privacy ?? OPEN });
  return {
    ...report,
    steps: report.steps.map((step) => ({
      ...step,
      ...(step.sent ? { sent: step.sent.map((change) => ({ ...change, url: addressWithout(change.url, step.privacy) })) } : {}),
      ...(step.shown ? { shown: step.shown.map((request) => requestWithout(request, of(step.step))) } : {}),
    })),
    needsYou: report.needsYou.map((question) => ({ ...question, request: question.request && requestWithout(question.request, of(question.step)) })),
    undo: report.undo.map((undo) => ({ ...undo, remains: undo.remains === null ? null : withoutPrivate(undo.remains, of(undo.step)) })),
  };
}

const NOTHING: ReadonlySet<string> = new Set();
