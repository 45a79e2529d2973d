import { MantineProvider } from '@mantine/core';
import { act, cleanup, render, screen, within } from '@testing-library/react';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Chain, Problem, RunReport, StepReport } from '../../bindings/wire';
import { Canvas } from './canvas/Canvas';
import { emptyChain } from './document';
import { useCommands } from './editor/useCommands';
import { flowOf } from './flow/flow';
import { POLICY } from './fresh';
import { StepList } from './StepList';
import { useStepViews } from './useStepViews';
import type { Tools } from './useTools';

const NOW = Date.parse('2026-11-21T08:00:00Z');
const look = { target: '/text', source: { type: 'path', path: '$.item.title' }, by: 'matcher', confidence: 60 } as const;
const chain = {
  ...emptyChain('Tell'),
  steps: [
    { id: 'find', logic: { type: 'wait', seconds: 1 }, policy: POLICY },
    { id: 'tell', logic: { type: 'wait', seconds: 1 }, policy: { ...POLICY, tries: 3 }, mapping: [look] },
  ],
} as unknown as Chain;
const flow = flowOf(chain);
const tools: Tools = { connections: [], connectors: new Map(), of: () => ({ connection: undefined, connector: undefined, operation: undefined }), name: (step) => step.id, ready: true, settled: true };
const none: never[] = [];
const nothing = () => undefined;

const problem = (change: Partial<Problem> = {}): Problem => ({ code: 'SERVICE_DOWN', title: 'Chat is not answering', hint: 'We tried.', ...change });
const reportOf = (change: Partial<StepReport>) => ({ steps: [{ step: 'tell', callMs: 307, itemsIn: 1, itemsOut: 5, retries: 0, problems: [], ...change }] }) as unknown as RunReport;

function Shown({ report, as: View = 'list' }: { report: RunReport; as?: 'canvas' | 'list' }) {
  const stops = useStepViews(chain, flow, tools, none, report, undefined);
  const commands = useCommands({ editor: { change: nothing, undo: nothing }, stops, select: nothing, setOpen: nothing, add: nothing });
  return (
    <MantineProvider>
      {View === 'canvas' ? <Canvas flow={flow} stops={stops} selected={undefined} commands={commands} /> : <StepList stops={stops} selected={undefined} commands={commands} />}
    </MantineProvider>
  );
}

const line = () => document.querySelector('[data-step=tell] .step-line')?.textContent?.replace(/[\u2066-\u2069]/g, '');

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(900);
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('a step that failed says why in short, as the report does; one that got through how long it took', () => {
  const { rerender } = render(<Shown report={reportOf({ state: 'done' })} />);
  expect(line()).toBe('307 ms · 5 items');
  rerender(<Shown report={reportOf({ state: 'failed', problems: [{ item: 0, problem: problem() }] })} />);
  expect(line()).toBe('Chat is not answering');
});

it('a step that is retried counts down, for the eye alone', () => {
  const waits: Partial<StepReport> = { state: 'retrying', retries: 0, problems: [{ item: 0, problem: problem({ retryAt: '2026-11-21T08:00:12Z' }) }] };
  const { rerender } = render(<Shown report={reportOf(waits)} />);
  expect(line()).toBe('try 2 of 3, in 12 s');
  act(() => void vi.advanceTimersByTime(4_000));
  expect(line()).toBe('try 2 of 3, in 8.0 s');
  expect(document.querySelector('[data-step=tell] .step-line > [aria-hidden=true]'), 'a name that changes each second would be told each second').not.toBeNull();
  rerender(<Shown report={reportOf({ ...waits, itemsIn: 5 })} />);
  expect(line(), 'of many at once no try has a number').toBe('again in 8.0 s');
});

it('on the canvas a step carries the mark of what wants a look, seen where chips are too small', () => {
  render(<Shown report={reportOf({ state: 'done' })} as="canvas" />);
  const step = document.querySelector<HTMLElement>('[data-step=tell]');
  expect(step).not.toBeNull();
  expect(within(step as HTMLElement).getByRole('img', { name: 'Check 1' }).className).toContain('step-look');
  expect(within(document.querySelector('[data-step=find]') as HTMLElement).queryByRole('img', { name: /^Check/ })).toBeNull();
  const styles = readFileSync(join(process.cwd(), 'src/features/chains/chains.css'), 'utf8');
  expect(styles).toMatch(/\.step-card \.step-look \{ display: none;/);
  expect(styles).toContain('.canvas[data-far] .step-card .step-look { display: inline-flex; }');
  cleanup();
  render(<Shown report={reportOf({ state: 'done' })} />);
  expect(screen.queryByRole('img', { name: 'Check 1' }), 'the list has its chip beside the step').toBeNull();
});
