import { expect, it } from 'vitest';

import { canTransform, transformed, transformOf, type Transformed } from './transform';

const template = (own: Transformed) => {
  const source = transformed(own);
  return source?.type === 'template' ? source.template : undefined;
};

it('what is done with a value is a template that the engine fills in, and is read from it again', () => {
  const cases: [Transformed, string][] = [
    [{ path: '$.item.labels', transform: 'join', told: [' / '] }, '{{ item.labels|join(" / ") }}'],
    [{ path: '$.item.labels', transform: 'join', told: ['\n"'] }, '{{ item.labels|join("\\n\\"") }}'],
    [{ path: "$.steps.find.user['first name']", transform: 'upper', told: [] }, '{{ steps.find.user["first name"]|upper }}'],
    [{ path: '$.input.title', transform: 'title', told: [] }, '{{ input.title|title }}'],
    [{ path: '$.item.due', transform: 'date_format', told: ['%d.%m.%Y', 'Europe/Berlin'] }, '{{ item.due|date_format("%d.%m.%Y", "Europe/Berlin") }}'],
    [{ path: '$.item.due', transform: 'date_format', told: ['%H:%M'] }, '{{ item.due|date_format("%H:%M") }}'],
    [{ path: '$.item.state', transform: 'lookup', told: [{ open: 'To do', 'a"}}|b': 2, 10: true }, 'other'] }, '{{ item.state|lookup({"10":true,"open":"To do","a\\"}}|b":2}, "other") }}'],
    [{ path: '$.item.state', transform: 'lookup', told: [{}] }, '{{ item.state|lookup({}) }}'],
  ];
  for (const [own, expected] of cases) {
    expect(template(own)).toBe(expected);
    expect(transformOf({ type: 'template', template: expected }), expected).toEqual(own);
  }
});

it('a template that somebody wrote stays one', () => {
  for (const text of ['{{item.title|upper}}', 'New: {{ item.title|upper }}', '{{ item.a|upper|trim }}', '{{ item.a|default("x") }}', '{{ a|upper }} {{ b|upper }}', '{{ item.a + item.b|upper }}',
    '{{ item.a|date_format(item.form) }}', '{{ item.a|lookup({"a":[1]}) }}', '{{ item.a|lookup({"a": "b"}) }}', '{{ item.a|lookup("a") }}', '{{ item.a|upper("a") }}']) {
    expect(transformOf({ type: 'template', template: text }), text).toBeUndefined();
  }
  expect(transformOf({ type: 'path', path: '$.item' })).toBeUndefined();
});

it('nothing is done with what a search finds', () => {
  expect(['$.item.labels[*].name', '$..name', "$.item['a\"b']", '$'].filter(canTransform)).toEqual([]);
  expect(transformed({ path: '$..name', transform: 'upper', told: [] })).toBeUndefined();
});
