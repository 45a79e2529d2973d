import { expect, it, vi } from 'vitest';

vi.mock('../../../engine', () => ({ send: () => Promise.reject(new Error('nothing is asked here')) }));

import { csvOf, rowsOf } from './csv';

it('writes a table that other programs read as it is', () => {
  expect(csvOf([['a', 'b,c'], ['say "hi"', 'two\nlines'], ['', 'plain']])).toBe('a,"b,c"\r\n"say ""hi""","two\nlines"\r\n,plain\r\n');
});

it('never hands a table program a formula', () => {
  expect(csvOf([['=HYPERLINK("x")', '+1', '-1', '@a', '1']])).toBe('"\'=HYPERLINK(""x"")",\'+1,\'-1,\'@a,1\r\n');
});

it('says of each item what became of it', () => {
  const step = { step: 'tell', name: 'Tell' };
  const items = [
    { item: 0, request: null, outcome: { outcome: 'done' as const, output: { id: 7 } } },
    { item: 1, request: null, outcome: { outcome: 'not_done' as const, problem: { code: 'NOT_FOUND' as const, title: 'Gone', hint: 'Look.' } } },
    { item: 2, request: null, outcome: null },
  ];
  expect(rowsOf(step, items as never)).toEqual([
    ['Tell', '1', 'done', '', '{"id":7}'],
    ['Tell', '2', 'not_done', 'Gone. Look.', ''],
    ['Tell', '3', 'open', '', ''],
  ]);
});
