import { expect, it } from 'vitest';

import { canTransform, transformed, transformOf, type Transformed } from './transform';

const template = (own: Transformed) => {
  const source = transformed(own);
  return source?.type === 'template' ? source.template : undefined;
};

it('what is done with a value is a template that the engine fills in, and is read from it again', () => {
  const cases: [Transformed, string][] = [
    [{ path: '$.item.labels', transform: 'join', separator: ' / ' }, '{{ item.labels|join(" / ") }}'],
    [{ path: '$.item.labels', transform: 'join', separator: '\n"' }, '{{ item.labels|join("\\n\\"") }}'],
    [{ path: "$.steps.find.user['first name']", transform: 'upper', separator: ', ' }, '{{ steps.find.user["first name"]|upper }}'],
    [{ path: '$.input.title', transform: 'title', separator: ', ' }, '{{ input.title|title }}'],
  ];
  for (const [own, expected] of cases) {
    expect(template(own)).toBe(expected);
    expect(transformOf({ type: 'template', template: expected }), expected).toEqual(own);
  }
});

it('a template that somebody wrote stays one', () => {
  for (const text of ['{{item.title|upper}}', 'New: {{ item.title|upper }}', '{{ item.a|upper|trim }}', '{{ item.a|default("x") }}', '{{ a|upper }} {{ b|upper }}', '{{ item.a + item.b|upper }}']) {
    expect(transformOf({ type: 'template', template: text }), text).toBeUndefined();
  }
  expect(transformOf({ type: 'path', path: '$.item' })).toBeUndefined();
});

it('nothing is done with what a search finds', () => {
  expect(['$.item.labels[*].name', '$..name', "$.item['a\"b']", '$'].filter(canTransform)).toEqual([]);
  expect(transformed({ path: '$..name', transform: 'upper', separator: '' })).toBeUndefined();
});
