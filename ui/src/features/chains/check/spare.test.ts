import { describe, expect, it } from 'vitest';

import type { Finding, Step } from '../../../bindings/wire';
import { POLICY } from '../fresh';
import { connectionOf, leftOut } from './spare';

const step = (id: string, connection: string): Step => ({ id, connection, operation: 'do', policy: POLICY });
const steps = [step('find', 'Tracker'), step('tell', 'Chat'), step('announce', 'Chat')];
const down: Finding = { level: 'blocker', text: 'Chat is not answering.', problem: { code: 'SERVICE_DOWN', title: '', hint: '', subject: { kind: 'connection', name: 'Chat' } } };
const open: Finding = { level: 'blocker', step: 'tell', text: 'A field has no source.' };

describe('a run without a step', () => {
  it('goes without every step of a connection that does not answer', () => {
    expect(leftOut(down, steps, ['tell', 'announce'])).toEqual(['tell', 'announce']);
    expect(connectionOf(down, steps)).toBe('Chat');
  });

  it('is not offered where another step needs what would be left out', () => {
    expect(leftOut(down, steps, ['announce'])).toBeUndefined();
  });

  it('goes without the one step that a finding is about', () => {
    expect(leftOut(open, steps, ['tell', 'announce'])).toEqual(['tell']);
    expect(connectionOf(open, steps)).toBe('Chat');
  });

  it('leaves something to do', () => {
    expect(leftOut(down, steps.slice(1), ['tell', 'announce'])).toBeUndefined();
    expect(leftOut({ ...open, step: null }, steps, ['tell'])).toBeUndefined();
  });
});
