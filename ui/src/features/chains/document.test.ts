import { describe, expect, it } from 'vitest';

import type { FieldMap } from '../../bindings/wire';
import { read } from './step/Conditions';
import { addLogic, addStep, band, duplicateStep, emptyChain, findFirst, forgetMatches, freeStepId, moveStep, removeStep, setMapping } from './document';

const list = { id: 'list_issues', items: true, title: 'List issues' };
const post = { id: 'send_message', items: false, title: 'Send' };
const at = (place: number) => ({ section: 'steps' as const, at: place });
const lists = (step: { operation?: string }) => step.operation === 'list_issues';

function two() {
  const first = addStep(emptyChain('c'), at(0), 'Tracker', list, lists);
  return addStep(first.chain, at(1), 'Chat', post, lists).chain;
}

describe('a chain document', () => {
  it('lets an effect go through the items of the list before it', () => {
    expect(two().steps.map((step) => step.forEach)).toEqual([undefined, 'list_issues']);
  });

  it('gives each step a name of its own', () => {
    const chain = addStep(two(), at(2), 'Chat', post, lists).chain;
    expect(chain.steps.map((step) => step.id)).toEqual(['list_issues', 'send_message', 'send_message_2']);
    expect(freeStepId(chain, 'Über-Step!')).toBe('ber_step_');
  });

  it('removes a list and leaves its followers running once', () => {
    expect(removeStep(two(), 'list_issues').steps).toEqual([expect.not.objectContaining({ forEach: expect.anything() })]);
  });

  it('never moves a step before the list it goes through', () => {
    expect(moveStep(two(), 'send_message', -1)).toEqual(two());
    expect(moveStep(two(), 'list_issues', 1)).toEqual(two());
    const three = addStep(two(), at(2), 'Chat', post, lists).chain;
    expect(moveStep(three, 'send_message', 1).steps.map((step) => step.id)).toEqual(['list_issues', 'send_message_2', 'send_message']);
  });

  it('copies a step with a new name', () => {
    expect(duplicateStep(two(), 'send_message').id).toBe('send_message_2');
  });

  it('keeps what was chosen by hand and forgets what was matched', () => {
    const source = { type: 'fixed', value: 'x' } as const;
    let chain = setMapping(two(), 'send_message', '/text', { source });
    const match: FieldMap = { target: '/channel', source, by: 'matcher', confidence: 80 };
    chain = { ...chain, steps: chain.steps.map((step) => ({ ...step, mapping: [...(step.mapping ?? []), match] })) };
    const kept = forgetMatches(chain, 'send_message').steps[1]?.mapping;
    expect(kept).toEqual([{ target: '/text', source, by: 'hand' }]);
    expect([match, ...(kept ?? [])].map(band)).toEqual(['likely', 'yours']);
  });
});

it('a step that works by itself goes through what the one before goes through', () => {
  const chain = two();
  const filter = addLogic(chain, at(1), 'filter', lists);
  expect(filter.chain.steps.map((step) => [step.id, step.forEach])[1]).toEqual(['filter', 'list_issues']);
  const sum = addLogic(chain, at(2), 'aggregate', lists);
  const added = sum.chain.steps[2];
  expect([added?.forEach, added?.logic]).toEqual([undefined, { type: 'aggregate', of: 'send_message', how: 'list' }]);
});

it('what is typed for a condition is a number, yes, no or a list where it looks like one', () => {
  expect(['7', '-1.5', 'true', '["a"]', 'bug', '7 days', '[x]'].map(read)).toEqual([7, -1.5, true, ['a'], 'bug', '7 days', '[x]']);
});

it('what a field wants is found by a step before it, over the same items', () => {
  const finder = { operation: 'find_person', title: 'Find person', found: '.id' };
  const chain = two();
  const [list, told] = chain.steps;
  const next = findFirst(chain, told?.id ?? '', { target: '/assignees', kind: 'list', required: false }, finder);
  expect(next.steps.map((step) => step.operation)).toEqual([list?.operation, 'find_person', told?.operation]);
  const [, found, after] = next.steps;
  expect(found).toMatchObject({ id: 'find_person', connection: told?.connection, forEach: told?.forEach, policy: { onFailure: 'continue' } });
  expect(after?.mapping).toEqual([{ target: '/assignees', source: { type: 'path', path: '$.steps.find_person.id' }, convert: 'list', by: 'hand' }]);
  const needed = findFirst(chain, told?.id ?? '', { target: '/owner', kind: 'text', required: true }, finder);
  expect(needed.steps[1]?.policy.onFailure).toBeUndefined();
});
