import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';

import type { Narrowed, RunReport } from '../../../bindings/wire';
import { InPart } from './InPart';

const lines = (narrowed: Narrowed | undefined) => {
  render(<InPart report={{ narrowed } as unknown as RunReport} />);
  return [...document.querySelectorAll('li')].map((line) => line.textContent);
};

afterEach(cleanup);

it.each<[string, Narrowed, string[]]>([
  ['a pinned result', { pinned: ['Tracker: List issues'] }, ['Used the pinned result of “Tracker: List issues”: it was not called.']],
  ['several', { pinned: ['A', 'B'] }, ['Used the pinned results of “A”, “B”: they were not called.']],
  ['what was left out', { without: ['Tell', 'Announce'], leftOut: ['tell', 'announce'] }, ['Left out: “Tell”, “Announce”.']],
  ['how far lists were read', { items: 1 }, ['Only the first item of each list.']],
  ['all of it', { items: 50, pinned: ['A'], without: ['B'] }, ['Used the pinned result of “A”: it was not called.', 'Left out: “B”.', 'Only the first 50 items of each other list.']],
])('%s is said of a run that did less', (_, narrowed, said) => {
  expect(lines(narrowed)).toEqual(said);
});

it('a run that did everything says nothing of it', () => {
  expect(lines(undefined)).toEqual([]);
  expect(document.body.textContent).toBe('');
});
