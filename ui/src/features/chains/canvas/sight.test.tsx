import { MantineProvider } from '@mantine/core';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { useMemo, useState } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Chain } from '../../../bindings/wire';
import { usePreferences } from '../../../shell/preferences';
import { emptyChain } from '../document';
import { useCommands } from '../editor/useCommands';
import { flowOf } from '../flow/flow';
import { POLICY } from '../fresh';
import { useStepViews } from '../useStepViews';
import type { Tools } from '../useTools';
import { Canvas } from './Canvas';

/** More than a screen holds: seven or eight of them are 700 pixels. */
const STEPS = 500;
const long = (steps: number): Chain => ({ ...emptyChain('Long'), steps: Array.from({ length: steps }, (_, n) => ({ id: `wait_${n}`, logic: { type: 'wait', seconds: 1 }, policy: POLICY })) });
const tools: Tools = { connections: [], connectors: new Map(), of: () => ({ connection: undefined, connector: undefined, operation: undefined }), name: (step) => step.id, ready: true, settled: true };
const none: never[] = [];
const nothing = () => undefined;

function Shown({ chain }: { chain: Chain }) {
  const [selected, select] = useState<string>();
  const [flow] = useState(() => flowOf(chain));
  const stops = useStepViews(chain, flow, tools, none, undefined, undefined);
  const commands = useCommands({ editor: { change: nothing, undo: nothing }, stops, select, setOpen: nothing, add: nothing });
  return (
    <MantineProvider>
      <Canvas flow={flow} stops={stops} selected={selected} commands={commands} />
    </MantineProvider>
  );
}

/** A chain that can be changed; `at` is selected first. */
function Edited({ at }: { at?: string }) {
  const [chain, change] = useState(long(4));
  const [selected, select] = useState(at);
  const flow = useMemo(() => flowOf(chain), [chain]);
  const stops = useStepViews(chain, flow, tools, none, undefined, undefined);
  const commands = useCommands({ editor: { change, undo: nothing }, stops, select, setOpen: nothing, add: nothing });
  return (
    <MantineProvider>
      <Canvas flow={flow} stops={stops} selected={selected} commands={commands} />
    </MantineProvider>
  );
}

const drawn = () => [...document.querySelectorAll<HTMLElement>('[data-step]')].map((step) => step.dataset.step);
const step = (id: string) => document.querySelector<HTMLElement>(`[data-step=${id}]`);
const stops = () => [...document.querySelectorAll<HTMLElement>('[data-step][tabindex="0"]')].map((own) => own.dataset.step);
const focused = () => (document.activeElement instanceof HTMLElement ? document.activeElement.dataset.step : undefined);
const press = (key: string) => act(() => void fireEvent.keyDown(document.activeElement ?? document.body, { key }));
const map = () => screen.getByRole('img', { name: 'The whole chain, small' });
/** Drags what is in sight in the map, by so many pixels of it down. */
function drag(by: number) {
  fireEvent.pointerDown(map(), { button: 0, clientX: 20, clientY: 10, pointerId: 1 });
  fireEvent.pointerMove(map(), { clientX: 20, clientY: 10 + by, pointerId: 1 });
  fireEvent.pointerUp(map(), { pointerId: 1 });
}

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(700);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(1000);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

it('of a long chain only what is in sight is drawn, and the map is one shape', () => {
  render(<Shown chain={long(STEPS)} />);
  expect(drawn().length, 'a screen of steps').toBeLessThan(12);
  expect(drawn().slice(0, 3)).toEqual(['wait_0', 'wait_1', 'wait_2']);
  expect(document.querySelectorAll('.canvas *').length, 'no part of it grows with the chain').toBeLessThan(400);
  expect(map().querySelectorAll('*').length).toBeLessThan(5);
});

it('lines are nothing for a screen reader', () => {
  render(<Shown chain={long(3)} />);
  expect(document.querySelectorAll('.edge').length, 'two lines').toBe(2);
  expect(screen.queryAllByRole('img').map((one) => one.getAttribute('aria-label'))).toEqual([]);
});

it('keys reach every step of a long chain, and the focus is on it', async () => {
  render(<Shown chain={long(STEPS)} />);
  act(() => step('wait_0')?.focus());
  for (const [key, to] of [['End', 'wait_499'], ['ArrowUp', 'wait_498'], ['Home', 'wait_0'], ['ArrowDown', 'wait_1']] as const) {
    press(key);
    expect(focused(), `${key} goes there`).toBe(to);
    expect(stops(), 'one Tab stop').toEqual([to]);
    await waitFor(() => expect(drawn().length, 'what is beside it comes into sight').toBeGreaterThan(2));
    expect(drawn()).toContain(to);
  }
});

it('what has the focus stays where it is while the chain is moved, and so does the Tab stop', async () => {
  render(<Shown chain={long(STEPS)} />);
  act(() => step('wait_2')?.focus());
  drag(200);
  await waitFor(() => expect(drawn()).not.toContain('wait_3'));
  expect(drawn().length, 'others are in sight').toBeGreaterThan(4);
  expect([focused(), stops()], 'keys go on from it').toEqual(['wait_2', ['wait_2']]);
  press('ArrowDown');
  expect(focused()).toBe('wait_3');
  await waitFor(() => expect(drawn(), 'it is in sight again').toContain('wait_4'));
});

it('the focus stays outside where it is outside while something is selected', () => {
  render(
    <>
      <Shown chain={long(STEPS)} />
      <input aria-label="Elsewhere" />
    </>,
  );
  const elsewhere = screen.getByRole('textbox', { name: 'Elsewhere' });
  act(() => elsewhere.focus());
  act(() => step('wait_1')?.click());
  expect(step('wait_1')?.getAttribute('aria-current')).toBe('step');
  expect(document.activeElement).toBe(elsewhere);
});

it('a long chain says that there is more of it than is read out here', () => {
  const { unmount } = render(<Shown chain={long(STEPS)} />);
  const about = document.getElementById(screen.getByRole('group', { name: 'Steps of the chain' }).getAttribute('aria-describedby') ?? '');
  expect(about?.textContent).toMatch(/^500 steps, .*the list view has all of them\.$/);
  unmount();
  render(<Shown chain={long(3)} />);
  expect(screen.getByRole('group', { name: 'Steps of the chain' }).hasAttribute('aria-describedby'), 'a short one is all there').toBe(false);
});

it('whoever removes a step by key goes on at the one beside it', async () => {
  render(<Edited />);
  act(() => step('wait_1')?.focus());
  press('Delete');
  await waitFor(() => expect([focused(), stops(), drawn().length]).toEqual(['wait_2', ['wait_2'], 3]));
  press('End');
  await waitFor(() => expect(focused()).toBe('wait_3'));
  press('Delete');
  await waitFor(() => expect([focused(), stops()]).toEqual(['wait_2', ['wait_2']]));
});

it('Tab leads to a step where the one that was selected is gone', () => {
  render(<Edited at="gone" />);
  expect(stops()).toEqual(['wait_0']);
});

it('keys that are one sign zoom nothing where they are switched off', async () => {
  render(<Edited />);
  const nearness = () => document.querySelector<HTMLElement>('.react-flow__viewport')?.style.transform;
  act(() => step('wait_0')?.focus());
  const before = nearness();
  usePreferences.setState({ signs: false });
  press('-');
  await new Promise((done) => setTimeout(done, 300));
  expect(nearness()).toBe(before);
  usePreferences.setState({ signs: true });
  press('-');
  await waitFor(() => expect(nearness()).not.toBe(before));
});
