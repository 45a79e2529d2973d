// A tree as the lines of it that are open. Pure.
import type { JsonValue } from '../../../bindings/wire';
import { countOf, entries, type Picked } from './values';

/** So many lines of one level are there at first, and so many more each time. */
export const STEP = 200;
/** What is unfolded by itself, around what was searched for, ends after so many lines. */
export const UNFOLDED = 400;

/** What a person has unfolded, folded and asked more of, by path. */
export interface Unfolded {
  open: Record<string, boolean>;
  more: Record<string, number>;
}

/** A line of a tree: a value, or how many of a level are not shown yet. */
export type Line =
  | (Picked & { kind: 'value'; key: string; depth: number; inside: number; open: boolean })
  | { kind: 'rest'; path: string; depth: number; shown: number; of: number };

/** The lines of what is open: the first level, what a person has unfolded, and with `all` whatever is not folded, as far as it is a few. */
export function linesOf(value: JsonValue, path: string, all: boolean, { open, more }: Unfolded): Line[] {
  const lines: Line[] = [];
  const level = (of: JsonValue, at: string, depth: number) => {
    const count = countOf(of);
    const most = STEP + (more[at] ?? 0);
    for (const { key, path: own, value: inner } of entries(of, at, most)) {
      const inside = countOf(inner);
      const isOpen = inside > 0 && (open[own] ?? (depth === 0 ? lines.length < UNFOLDED : all && lines.length < UNFOLDED));
      lines.push({ kind: 'value', key, path: own, value: inner, depth, inside, open: isOpen });
      if (isOpen) level(inner, own, depth + 1);
    }
    if (count > most) lines.push({ kind: 'rest', path: at, depth, shown: most, of: count });
  };
  level(value, path, 0);
  return lines;
}
