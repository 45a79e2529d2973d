import { expect, it } from 'vitest';

import type { Finding } from '../../../bindings/wire';
import { below } from './said';

const problem = { code: 'TIMEOUT_RESPONSE', title: 'Chat did not answer in time', hint: 'No answer came.', params: {} } as Finding['problem'];

it('what the title says is not said again below it', () => {
  expect(below({ level: 'blocker', text: 'Chat did not answer in time. No answer came. It is about the connection "Work".', problem })).toBe('No answer came. It is about the connection "Work".');
  expect(below({ level: 'blocker', text: '"Add" cannot run.', problem }), 'other sentences stay whole').toBe('"Add" cannot run.');
  expect(below({ level: 'pass', text: 'Chat answers.' }), 'no title').toBe('Chat answers.');
});
