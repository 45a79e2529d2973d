// What of a signal was copied from private fields of its item.
import { useMemo, useState } from 'react';

import type { JsonValue, Signal } from '../../bindings/wire';
import { useRead } from '../../engine';
import { MASK, masked, type PrivateField } from '../chains/data/private';

/** The private fields of what a stream brings; undefined where its connector is gone, and nobody knows. */
export function usePrivates(connector: string | undefined, stream: string | undefined): { pending: boolean; fields: PrivateField[] | undefined } {
  const read = useRead('connector_show', { connector: connector ?? '' }, { enabled: connector !== undefined });
  const fields = useMemo(() => {
    const streams = read.data?.streams;
    const own = streams?.filter(({ id }) => id === stream) ?? [];
    // A stream that is gone by now, or not known: what any of them says.
    return (own.length > 0 ? own : streams)?.flatMap((one) => one.private);
  }, [read.data, stream]);
  return { pending: read.isPending, fields };
}

/** A text in pieces: between two of them stands something private. */
export type Pieces = string[];

/** What a signal's summary and its people are shown as. */
export interface Shown {
  summary: Pieces;
  people: Pieces;
  show: (what: 'summary' | 'people') => void;
}

/** A signal's words without what was copied from private fields, until somebody asks for them; undefined while it is not known which those are. */
export function useShown(signal: Signal, raw: JsonValue): Shown | undefined {
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set());
  const { pending, fields } = usePrivates(signal.connector, signal.stream);
  if (pending) return undefined;
  const values = privateValues(raw, fields);
  const of = (what: string, texts: string[]) => (seen.has(what) ? [texts.join(', ')] : piecesOf(texts, values));
  return { summary: of('summary', [signal.summary]), people: of('people', signal.participants), show: (what) => setSeen((now) => new Set(now).add(what)) };
}

/** A signal's summary where nobody asked for what is private in it; whether something was left out. Empty while it is not known. */
export function useSummary(signal: (Signal & { raw: JsonValue }) | undefined): { text: string; othersMayBePrivate: boolean } {
  const { pending, fields } = usePrivates(signal?.connector, signal?.stream);
  if (pending || !signal) return { text: '', othersMayBePrivate: true };
  const pieces = piecesOf([signal.summary], privateValues(signal.raw, fields));
  // Other versions said other things: what theirs were copied from is not at hand.
  return { text: pieces.join(MASK), othersMayBePrivate: fields?.length !== 0 };
}

/** Values of private fields as text; undefined where any text may be one: the fields are not known, or the item is not kept. */
export function privateValues(raw: JsonValue, fields: readonly PrivateField[] | undefined): string[] | undefined {
  if (fields?.length === 0) return [];
  if (fields === undefined || raw === null) return undefined;
  const found = new Set<string>();
  const all = (value: JsonValue | undefined): void => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(all);
    else if (value !== undefined && value !== null && value !== '') found.add(String(value));
  };
  const walk = (value: JsonValue | undefined, open: JsonValue | undefined): void => {
    if (open === MASK) all(value);
    else if (typeof value === 'object' && value !== null && typeof open === 'object' && open !== null)
      for (const [key, own] of Object.entries(value)) walk(own, (open as Record<string, JsonValue>)[key]);
  };
  walk(raw, masked(raw, '$', fields, new Set()).value);
  return [...found];
}

/** What is shorter stands in other words by chance; where it is all of a text, it is masked too. */
const SHORT = 3;

/** Texts as one, cut where private values stand. */
export function piecesOf(texts: string[], values: readonly string[] | undefined): Pieces {
  if (texts.every((text) => text === '')) return [''];
  if (values === undefined) return ['', ''];
  const longest = [...values].sort((a, b) => b.length - a.length);
  const cut = (text: string): Pieces => {
    if (longest.includes(text)) return ['', ''];
    return longest.filter((value) => value.length >= SHORT).reduce<Pieces>((pieces, value) => pieces.flatMap((piece) => piece.split(value)), [text]);
  };
  // The last piece of a text and the first of the next stand together.
  return texts.map(cut).reduce((sum, pieces) => [...sum.slice(0, -1), `${sum.at(-1) ?? ''}, ${pieces[0] ?? ''}`, ...pieces.slice(1)]);
}
