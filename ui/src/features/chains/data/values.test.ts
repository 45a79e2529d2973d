import { describe, expect, it } from 'vitest';

import type { JsonValue } from '../../../bindings/wire';
import { asText, below, cell, entries, holds, onlyWith, rowsOf, SHOWN } from './values';

const issues: JsonValue[] = [
  { id: 1, title: 'Login fails', user: { name: 'Amira' } },
  { id: 2, title: 'Slow search', 'due date': '2026-11-20' },
];

describe('data of a step', () => {
  it('is a table of its items, with every field that one of them has', () => {
    const { columns, rows, total } = rowsOf(issues, '$.steps.find');
    expect(columns).toEqual(['id', 'title', 'user', 'due date']);
    expect(total).toBe(2);
    expect(rows.map((row) => cell(row, 'due date'))).toEqual([undefined, { path: '$.steps.find[1]["due date"]', value: '2026-11-20' }]);
    expect(rowsOf({ id: 1 }, '$.item').rows).toEqual([{ path: '$.item', value: { id: 1 } }]);
    expect(rowsOf('text', '$.item').columns).toEqual([]);
  });

  it('names each value as mappings do', () => {
    expect(below(below('$.item', 'user'), 'name')).toBe('$.item.user.name');
    expect(below('$.item', '2nd')).toBe('$.item["2nd"]');
    expect(entries(issues[0], '$.item').map((entry) => entry.path)).toEqual(['$.item.id', '$.item.title', '$.item.user']);
  });

  it('is searched in keys and values, whatever the case', () => {
    expect(rowsOf(issues, '$', 'amira').rows.map((row) => row.path)).toEqual(['$[0]']);
    expect(holds(issues, 'due')).toBe(true);
    expect(onlyWith(issues, 'slow')).toEqual([{ title: 'Slow search' }]);
    expect(onlyWith(issues, 'user')).toEqual([{ user: { name: 'Amira' } }]);
    expect(onlyWith(issues, 'nobody')).toBeUndefined();
  });

  it('puts no more rows on the screen than it can', () => {
    const many = Array.from({ length: 1_000 }, (_, id) => ({ id }));
    const { rows, total } = rowsOf(many, '$');
    expect([rows.length, total]).toEqual([SHOWN, 1_000]);
  });

  it('is copied as text where it is text', () => {
    expect(asText('two\nlines')).toBe('two\nlines');
    expect(asText({ id: 1 })).toBe('{\n  "id": 1\n}');
  });
});
