import type { Problem } from '../../bindings/wire';
import type { Place } from './paths';

/** What the page asks of its editor. */
export interface EditorHandle {
  /** Replaces the whole text; can be undone. */
  replaceAll(text: string): void;
  /** Writes a text at a place of the definition; says whether there is such a place. */
  set(place: Place, value: string): boolean;
  /** Goes to where a problem is. */
  reveal(problem: Problem): void;
}
