import { expect, test } from 'vitest';

import { filterOf, isNarrowed, viewOf } from './view';

const nothing = { box: 'all', text: '', connections: [], types: [], priorities: [] } as const;

test('a filter is shown as it was kept', () => {
  for (const box of ['all', 'unread', 'archived'] as const) {
    const view = { ...nothing, connections: ['c1'], types: ['issue_created'], priorities: ['high' as const], box, text: 'login' };
    expect(viewOf(filterOf({ ...view, top: 7 }))).toEqual(view);
  }
});

test('spaces narrow nothing', () => {
  const empty = { ...nothing, connections: [], types: [], priorities: [], top: 0 };
  expect(isNarrowed({ ...empty, text: '  ' })).toBe(false);
  expect(filterOf({ ...empty, text: '  ' }).text).toBeNull();
  expect(isNarrowed({ ...empty, types: ['comment'] })).toBe(true);
});
