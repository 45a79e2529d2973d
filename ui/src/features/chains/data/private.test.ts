import { describe, expect, it } from 'vitest';

import { MASK, masked } from './private';

const fields = [['author', 'email'], ['token']];
const none = new Set<string>();

describe('private fields', () => {
  it('are masked wherever they stand, and nothing else is', () => {
    const { value, paths } = masked([{ title: 'Login', author: { email: 'amira@example.test', login: 'amira' } }, { issue: { author: { email: 'b@example.test' } } }], '$.steps.find', fields, none);
    expect(value).toEqual([{ title: 'Login', author: { email: MASK, login: 'amira' } }, { issue: { author: { email: MASK } } }]);
    expect([...paths]).toEqual(['$.steps.find[0].author.email', '$.steps.find[1].issue.author.email']);
    expect(masked({ email: 'no author' }, '$', fields, none).value).toEqual({ email: 'no author' });
  });

  it('are masked as a whole, and not where there is nothing', () => {
    expect(masked({ token: { a: 1 } }, '$', fields, none).value).toEqual({ token: MASK });
    expect(masked({ token: null, author: { email: '' } }, '$', fields, none).paths.size).toBe(0);
  });

  it('are shown one by one', () => {
    const value = { author: { email: 'a@example.test' }, token: 'x' };
    const { value: seen, paths } = masked(value, '$', fields, new Set(['$.author.email']));
    expect(seen).toEqual({ author: { email: 'a@example.test' }, token: MASK });
    expect([...paths]).toEqual(['$.token']);
  });
});
