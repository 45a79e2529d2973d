import { describe, expect, it } from 'vitest';

import { ACTIONS, actionWord, sinceOf } from './words';

describe('the audit trail', () => {
  it('has words of its own for everything that is written down', () => {
    for (const action of ACTIONS) expect(actionWord(action), action).not.toContain('audit.act');
    expect(actionWord('something_else')).toBe('something else');
  });

  it('looks back from now', () => {
    const now = new Date('2026-11-20T12:00:00Z');
    expect(sinceOf('hour', now)).toBe('2026-11-20T11:00:00.000Z');
    expect(sinceOf('week', now)).toBe('2026-11-13T12:00:00.000Z');
    expect(sinceOf('all', now)).toBeUndefined();
  });
});
