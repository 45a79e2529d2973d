import { MantineProvider } from '@mantine/core';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Chain, RunReport, StepState } from '../../../bindings/wire';

/** How often each step was drawn. */
const drawings = vi.hoisted(() => new Map<string, number>());
vi.mock('../StepCard', async (original) => ({
  ...(await original<object>()),
  StepCard: ({ view }: { view: { id: string } }) => {
    drawings.set(view.id, (drawings.get(view.id) ?? 0) + 1);
    return null;
  },
}));

import { emptyChain } from '../document';
import { useCommands } from '../editor/useCommands';
import { flowOf } from '../flow/flow';
import { POLICY } from '../fresh';
import { useStepViews } from '../useStepViews';
import type { Tools } from '../useTools';
import { StepList } from '../StepList';
import { Canvas } from './Canvas';

const STEPS = 8;
const chain: Chain = { ...emptyChain('Long'), steps: Array.from({ length: STEPS }, (_, n) => ({ id: `wait_${n}`, logic: { type: 'wait', seconds: 1 }, policy: POLICY })) };
const flow = flowOf(chain);
const tools: Tools = { connections: [], connectors: new Map(), of: () => ({ connection: undefined, connector: undefined, operation: undefined }), name: (step) => step.id, ready: true, settled: true };
const none: never[] = [];
const nothing = () => undefined;

/** A report whose step at `running` works. What did not change is the same object, as reads give it. */
const states = (running: number) => chain.steps.map((_, n): StepState => (n < running ? 'done' : n === running ? 'running' : 'waiting'));
function reportAt(running: number, facts: number): RunReport {
  const steps = states(running).map((state, n) => ({ step: `wait_${n}`, state, callMs: n === running ? facts : 0, itemsOut: 1 }));
  return { steps } as unknown as RunReport;
}

function Shown({ report, as: View }: { report: RunReport; as: 'canvas' | 'list' }) {
  const stops = useStepViews(chain, flow, tools, none, report, undefined);
  const commands = useCommands({ editor: { change: nothing, undo: nothing }, stops, select: nothing, setOpen: nothing, add: nothing });
  return (
    <MantineProvider>
      {View === 'canvas' ? <Canvas flow={flow} stops={stops} selected={undefined} commands={commands} /> : <StepList stops={stops} selected={undefined} commands={commands} />}
    </MantineProvider>
  );
}

describe.each(['canvas', 'list'] as const)('the %s of a chain that runs', (view) => {
  // High enough for all of them.
  beforeEach(() => void vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(900));
  afterEach(() => {
    cleanup();
    vi.restoreAllMocks();
    drawings.clear();
  });

  it('draws only the steps about which something changed', () => {
    const { rerender } = render(<Shown report={reportAt(3, 0)} as={view} />);
    expect(drawings.size, 'all of them are there').toBe(STEPS);
    drawings.clear();
    for (let facts = 1; facts <= 20; facts += 1) act(() => rerender(<Shown report={reportAt(3, facts)} as={view} />));
    expect([...drawings], 'twenty reports of one step').toEqual([['wait_3', 20]]);
    drawings.clear();
    act(() => rerender(<Shown report={reportAt(4, 20)} as={view} />));
    expect([...drawings.keys()], 'one ends, the next begins').toEqual(['wait_3', 'wait_4']);
  }, 20_000);
});

describe('a canvas that is zoomed', () => {
  beforeEach(() => {
    vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(900);
    vi.spyOn(window, 'matchMedia').mockImplementation((query) => ({ matches: query.includes('reduced-motion'), addEventListener: nothing, removeEventListener: nothing }) as unknown as MediaQueryList);
  });
  afterEach(() => {
    cleanup();
    vi.restoreAllMocks();
    drawings.clear();
  });

  it('keeps what is on its lines as large as it was, and draws no step again', async () => {
    render(<Shown report={reportAt(3, 0)} as="canvas" />);
    const canvas = screen.getByRole('group', { name: 'Steps of the chain' });
    const zoom = () => Number(/scale\(([\d.]+)\)/.exec(document.querySelector<HTMLElement>('.react-flow__viewport')?.style.transform ?? '')?.[1]);
    const scale = () => Number(canvas.style.getPropertyValue('--chips'));
    const press = async (name: string) => {
      const before = zoom();
      fireEvent.click(screen.getByRole('button', { name }));
      await waitFor(() => expect(zoom()).not.toBe(before));
    };
    expect([zoom(), scale()]).toEqual([1, 1]);
    const chips = () => document.querySelectorAll<HTMLElement>('.edge-tools');
    expect(chips().length).toBeGreaterThan(0);
    for (const chip of chips()) expect(chip.style.transform).toContain('scale(var(--chips, 1))');
    drawings.clear();
    await press('Zoom out');
    await press('Zoom out');
    expect(zoom()).toBeLessThan(0.75);
    expect(24 * zoom() * scale(), 'pixels of the screen').toBeCloseTo(24);
    expect(canvas.hasAttribute('data-far')).toBe(false);
    await press('Zoom out');
    expect([canvas.hasAttribute('data-far'), chips().length], 'too far for chips: steps carry the mark').toEqual([true, 0]);
    expect(scale(), 'and they would grow no further').toBeLessThan(1.67);
    await press('Zoom in');
    expect(canvas.hasAttribute('data-far')).toBe(false);
    expect([...drawings]).toEqual([]);
  });
});
