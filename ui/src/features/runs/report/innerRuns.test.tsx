import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';

import type { RunReport } from '../../../bindings/wire';
import { InnerRuns } from './InnerRuns';

const show = (...steps: { step: string; name: string; itemsIn: number; runs?: { item: number; run: string }[] }[]) =>
  render(<InnerRuns report={{ steps } as unknown as RunReport} />);
const links = () => screen.queryAllByRole('link').map((link) => [link.textContent, link.getAttribute('href')]);

afterEach(cleanup);

it('leads to the run of another chain', () => {
  show({ step: 'a', name: 'Read', itemsIn: 1 }, { step: 'b', name: 'Tell everybody', itemsIn: 1, runs: [{ item: 0, run: 'R1' }] });
  expect(links()).toEqual([['What “Tell everybody” ran', '/runs/R1']]);
});

it('tells them by their item, and folds away what is many', () => {
  show({ step: 'b', name: 'Tell', itemsIn: 7, runs: [...Array(7).keys()].map((item) => ({ item, run: `R${item}` })) });
  expect(links()).toHaveLength(5);
  expect(links()[1]).toEqual(['What “Tell” ran for item 2', '/runs/R1']);
  const fold = screen.getByText('2 more runs').closest('details');
  fold?.setAttribute('open', '');
  if (fold) fireEvent(fold, new Event('toggle'));
  expect(links().at(-1)).toEqual(['What “Tell” ran for item 7', '/runs/R6']);
});

it('says that more ran than are named', () => {
  show({ step: 'b', name: 'Tell', itemsIn: 1_000, runs: [...Array(100).keys()].map((item) => ({ item, run: `R${item}` })) });
  screen.getByText('The first 100 of 1,000 are listed.');
  cleanup();
  show({ step: 'b', name: 'Tell', itemsIn: 100, runs: [...Array(100).keys()].map((item) => ({ item, run: `R${item}` })) });
  expect(screen.queryByText(/The first/)).toBeNull();
});

it('is not there where no other chain was run', () => {
  show({ step: 'a', name: 'Read', itemsIn: 1 });
  expect(document.body.textContent).toBe('');
});
