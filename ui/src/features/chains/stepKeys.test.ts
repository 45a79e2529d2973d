import type { KeyboardEvent } from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import { stepKey } from './stepKeys';
import type { StepCommands, StopView } from './useStepViews';

const stops = [{ id: 'find', kind: 'step', flow: {} }] as unknown as StopView[];
const select = vi.fn();

/** Presses Escape on a step. */
function escape(selected: string | undefined): boolean {
  select.mockClear();
  const event = { key: 'Escape', preventDefault: () => undefined } as unknown as KeyboardEvent;
  return stepKey(event, stops, 'find', selected, { select } as unknown as StepCommands);
}

afterEach(() => {
  document.body.innerHTML = '';
});

it('Escape closes a panel first, and then lets go of what is selected', () => {
  document.body.innerHTML = '<aside class="panel"></aside>';
  expect([escape('find'), select.mock.calls.length], 'the panel closes').toEqual([false, 0]);
  document.body.innerHTML = '';
  expect([escape('find'), select.mock.calls]).toEqual([true, [[undefined]]]);
  expect([escape(undefined), select.mock.calls.length], 'nothing to let go of').toEqual([false, 0]);
});
