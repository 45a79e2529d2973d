import { describe, expect, it } from 'vitest';

import type { Chain, ConnectionView, ConnectorDetail } from '../../../bindings/wire';
import { MASK, masked, piecesOf, privateIn } from './private';

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

describe('the private fields of a chain', () => {
  const shop = { operations: [], streams: [{ id: 'orders', private: [['customer', 'phone']] }] } as unknown as ConnectorDetail;
  const tools = {
    connections: [{ name: 'My shop', connector: 'shop' }] as ConnectionView[],
    connectors: new Map([['shop', shop]]),
    of: ({ connection }: { connection?: string | null }) => ({ connection: undefined, connector: connection === 'My shop' ? shop : undefined, operation: undefined }),
  };
  const chain = (trigger: object, steps: object[] = []) => ({ trigger, steps }) as unknown as Chain;
  const ofOrders = [['customer', 'phone']];

  it('hold those of what starts it', () => {
    for (const type of ['signal', 'webhook']) {
      const found = privateIn(chain({ type, connection: 'My shop' }, [{ id: 'each', logic: { type: 'map' } }]), tools);
      expect(found, type).toEqual(ofOrders);
      expect(masked({ customer: { phone: '+1' } }, '$.item', found, none).value).toEqual({ customer: { phone: MASK } });
    }
  });

  it('hold those of what a step waits for, and none of what has nothing to do with it', () => {
    expect(privateIn(chain({ type: 'manual' }, [{ id: 'wait', connection: 'My shop', logic: { type: 'delivery' } }]), tools)).toEqual(ofOrders);
    expect(privateIn(chain({ type: 'manual' }), tools)).toEqual([]);
    expect(privateIn(chain({ type: 'signal', connection: 'Another' }), tools)).toEqual([]);
  });
});
