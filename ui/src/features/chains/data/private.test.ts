import { describe, expect, it } from 'vitest';

import type { ItemData, RunReport, StepPrivacy } from '../../../bindings/wire';
import { addressParts, itemWithout, MASK, masked, OPEN, piecesOf, reportWithout } from './private';

const fields = [['author', 'email'], ['token']];
const none = new Set<string>();

describe('private fields', () => {
  it('are masked wherever they stand, and nothing else is', () => {
    const { value, masks } = masked([{ title: 'Login', author: { email: 'amira@example.test', login: 'amira' } }, { issue: { author: { email: 'b@example.test' } } }], '$.steps.find', fields, none);
    expect(value).toEqual([{ title: 'Login', author: { email: MASK, login: 'amira' } }, { issue: { author: { email: MASK } } }]);
    expect([...masks]).toEqual([['$.steps.find[0].author.email', 'email'], ['$.steps.find[1].issue.author.email', 'email']]);
    expect(masked({ email: 'no author' }, '$', fields, none).value).toEqual({ email: 'no author' });
  });

  it('are masked as a whole, and not where there is nothing', () => {
    expect(masked({ token: { a: 1 } }, '$', fields, none).value).toEqual({ token: MASK });
    expect(masked({ token: null, author: { email: '' } }, '$', fields, none).masks.size).toBe(0);
  });

  it('are shown one by one', () => {
    const value = { author: { email: 'a@example.test' }, token: 'x' };
    const { value: seen, masks } = masked(value, '$', fields, new Set(['$.author.email']));
    expect(seen).toEqual({ author: { email: 'a@example.test' }, token: MASK });
    expect([...masks.keys()]).toEqual(['$.token']);
  });

  it('are told apart in JSON, and from a text that looks like a mask', () => {
    const of = (value: Parameters<typeof masked>[0]) => {
      const { value: shown, masks } = masked(value, '$', fields, none);
      return piecesOf(JSON.stringify(shown), masks);
    };
    expect(of({ token: 'x', title: 'Login', author: { email: 'a@example.test' } })).toEqual(['{"token":', ',"title":"Login","author":{"email":', '}}']);
    expect(of({ title: 'Login' })).toEqual(['{"title":"Login"}']);
    expect(of({ token: 'x', title: MASK }), 'it is not known which is which').toBeUndefined();
  });
});

const own = (more: Partial<StepPrivacy>): StepPrivacy => ({ ...OPEN, ...more });

describe('addresses', () => {
  const shown = (url: string, privacy: StepPrivacy) => addressParts(url, privacy).map(({ text, hidden }) => (hidden ? '/*' : text)).join('');

  it.each([
    ['https://h.test/v3/contacts/a%40b/notes/7', ['contacts/{private}/notes/{}'], 'https://h.test/v3/contacts/*/notes/7'],
    ['https://h.test/people/a%40b', ['contacts/{private}', 'people/{private}'], 'https://h.test/people/*'],
    ['https://h.test/v3/contacts/7', ['contacts/{private}/notes/{}'], 'https://h.test/v3/contacts/7'],
    ['https://h.test', ['contacts/{private}'], 'https://h.test'],
  ])('%s hides what is private in it', (url, addresses, wanted) => {
    expect(shown(url, own({ addresses }))).toBe(wanted);
  });

  it('show only where they lead where nobody knows what is private', () => {
    expect(shown('https://h.test/people/a%40b', own({ unknown: true }))).toBe('https://h.test/*');
  });
});

describe('what is saved', () => {
  const item = { item: 0, given: null, request: null, outcome: { outcome: 'done', output: { token: 'x', title: 'Login' } } } as ItemData;
  const output = (privacy: StepPrivacy) => {
    const { outcome } = itemWithout(item, { fields, privacy });
    return outcome?.outcome === 'done' ? outcome.output : undefined;
  };

  it('holds masks in the place of what is private', () => {
    expect(output(OPEN)).toEqual({ token: MASK, title: 'Login' });
    expect(output(own({ unknown: true }))).toBe(MASK);
  });

  it('holds them of a report too', () => {
    const request = { method: 'POST', url: 'https://h.test/people/amira', body: { token: 'x' }, hash: '' };
    const step = { step: 'a', privacy: own({ addresses: ['people/{private}'] }), sent: [{ item: 0, method: 'POST', url: request.url }], shown: [request] };
    const report = { private: fields, steps: [step], needsYou: [{ step: 'a', item: 0, request }], undo: [{ step: 'a', remains: { token: 'x' } }] } as unknown as RunReport;
    const text = JSON.stringify(reportWithout(report));
    expect(text.split(MASK)).toHaveLength(7);
    expect(text).not.toContain('amira');
    expect(text).not.toContain('"x"');
  });
});
