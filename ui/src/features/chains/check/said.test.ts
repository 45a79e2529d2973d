import { expect, it } from 'vitest';

import type { FieldMap, Finding, Step } from '../../../bindings/wire';
import { POLICY } from '../fresh';
import { below, withoutSource } from './said';

const problem = { code: 'TIMEOUT_RESPONSE', title: 'Chat did not answer in time', hint: 'No answer came.', params: {} } as Finding['problem'];

it('what the title says is not said again below it', () => {
  expect(below({ level: 'blocker', text: 'Chat did not answer in time. No answer came. It is about the connection "Work".', problem })).toBe('No answer came. It is about the connection "Work".');
  expect(below({ level: 'blocker', text: '"Add" cannot run.', problem }), 'other sentences stay whole').toBe('"Add" cannot run.');
  expect(below({ level: 'pass', text: 'Chat answers.' }), 'no title').toBe('Chat answers.');
});

it('a field for which nothing was chosen is told from a value that does not fit', () => {
  const found: Finding = { level: 'blocker', step: 'add', text: '"Add" cannot run until "title" has a source.', problem: { code: 'SCHEMA_MISMATCH', title: 'title does not fit', hint: '', params: { field: 'title' } } };
  const step = (...targets: string[]): Step => ({ id: 'add', policy: POLICY, mapping: targets.map((target) => ({ target }) as FieldMap) });
  expect(withoutSource(found, step())).toBe('title');
  expect(withoutSource(found, step('/titles'))).toBe('title');
  for (const target of ['/title', '', '/title/text']) expect(withoutSource(found, step(target)), target).toBeUndefined();
  expect(withoutSource({ ...found, level: 'warning' }, step()), 'what only may not fit').toBeUndefined();
  expect(withoutSource(found, undefined)).toBeUndefined();
});
