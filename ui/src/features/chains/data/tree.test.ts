import { describe, expect, it } from 'vitest';

import type { JsonValue } from '../../../bindings/wire';
import { formatValue } from '../../../lib/format';
import { linesOf, STEP, UNFOLDED } from './tree';

const folded = { open: {}, more: {} };
const many: JsonValue[] = Array.from({ length: 1_000 }, (_, id) => ({ id, tags: ['a', 'b'], nested: { deep: { deeper: id } } }));

describe('a tree', () => {
  it('has the lines that are open, and no others', () => {
    const lines = linesOf({ issue: { id: 1, user: { name: 'Amira' } } }, '$', false, folded);
    expect(lines.map((line) => line.path)).toEqual(['$.issue', '$.issue.id', '$.issue.user']);
    const opened = linesOf({ issue: { id: 1, user: { name: 'Amira' } } }, '$', false, { open: { '$.issue.user': true }, more: {} });
    expect(opened.map((line) => [line.path, line.depth])).toContainEqual(['$.issue.user.name', 2]);
    const shut = linesOf({ issue: { id: 1 } }, '$', false, { open: { '$.issue': false }, more: {} });
    expect(shut.map((line) => line.path)).toEqual(['$.issue']);
  });

  it('shows so many of a level, says of how many, and shows more when asked', () => {
    const first = linesOf(many, '$', false, { open: Object.fromEntries(many.map((_, at) => [`$[${at}]`, false])), more: {} });
    expect(first.at(-1)).toEqual({ kind: 'rest', path: '$', depth: 0, shown: STEP, of: 1_000 });
    expect(first).toHaveLength(STEP + 1);
    const more = linesOf(many, '$', false, { open: Object.fromEntries(many.map((_, at) => [`$[${at}]`, false])), more: { $: STEP } });
    expect(more).toHaveLength(2 * STEP + 1);
  });

  it('unfolds by itself what is a few, however much there is', () => {
    const wide = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`list${at}`, many]));
    expect(linesOf(wide, '$', true, folded).length).toBeLessThan(UNFOLDED + 3 * STEP);
  });

  it('writes no more of a value than is seen', () => {
    let read = 0;
    const huge = new Proxy(many, {
      get: (list, key, own) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) read += 1;
        return Reflect.get(list, key, own) as unknown;
      },
    });
    expect(formatValue(huge, 60)).toBe(`${JSON.stringify(many).slice(0, 59)}…`);
    expect(read).toBeLessThan(20);
    expect(formatValue({ a: [1, 'two', null, true], b: {} })).toBe('{"a":[1,"two",null,true],"b":{}}');
    expect(formatValue('x'.repeat(1_000), 10)).toBe('xxxxxxxxx…');
  });
});
