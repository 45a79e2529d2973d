import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  return { ...real, platform: { ...real.platform, call: () => new Promise(() => undefined) } };
});

import type { ConnectionView, ConnectorDetail } from '../../bindings/wire';
import { AddStep } from './AddStep';
import type { Tools } from './useTools';

const MANY = 500;
const OPERATIONS = 4;

/** Five hundred connected tools with four actions each. */
const connections = Array.from({ length: MANY }, (_, n) => ({ id: `c${n}`, name: `Tool ${n}`, connector: `tool-${n}` }) as ConnectionView);
const connectors = new Map(
  connections.map(({ connector }, n): [string, ConnectorDetail] => [
    connector,
    { summary: { id: connector, sandbox: false }, operations: Array.from({ length: OPERATIONS }, (__, m) => ({ id: `o${m}`, verb: 'list', entity: 'thing', title: `Action ${n}.${m}` })) } as ConnectorDetail,
  ]),
);
const tools = { connections, connectors } as Tools;

beforeEach(() => void vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400));
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function open() {
  const choose = vi.fn();
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <AddStep tools={tools} onChoose={choose} onLogic={vi.fn()} onConnect={vi.fn()} onClose={vi.fn()} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  const field = screen.getByRole('combobox');
  act(() => field.focus());
  return { choose, field, list: screen.getByRole('listbox') };
}

const press = (field: HTMLElement, key: string, times = 1) => {
  for (let n = 0; n < times; n += 1) fireEvent.keyDown(field, { key });
};

it('of thousands of actions a screenful is drawn, and each says which of how many it is', () => {
  const { list } = open();
  const options = within(list).getAllByRole('option');
  expect(options.length).toBeGreaterThan(5);
  expect(options.length).toBeLessThan(40);
  expect(Number(options[0]?.getAttribute('aria-setsize'))).toBeGreaterThanOrEqual(MANY * OPERATIONS);
  expect(options[0]?.getAttribute('aria-posinset')).toBe('1');
  within(list).getByText('Connected');
});

it('the keys reach every action, and the field names one that is there', () => {
  const { choose, field } = open();
  const named = () => document.getElementById(field.getAttribute('aria-activedescendant') ?? '');
  press(field, 'ArrowDown', 60);
  expect(named()?.textContent).toContain('Action 15.0');
  expect(named()?.getAttribute('aria-selected')).toBe('true');
  // Around the beginning to the very end, which is what works by itself.
  press(field, 'ArrowUp', 61);
  expect(named()?.getAttribute('aria-posinset')).toBe(named()?.getAttribute('aria-setsize'));
  fireEvent.change(field, { target: { value: 'Action 499.2' } });
  expect(named()?.textContent).toContain('Action 499.2');
  press(field, 'Enter');
  expect(choose).toHaveBeenCalledWith('Tool 499', expect.objectContaining({ id: 'o2' }));
});

it('what is typed before the field has the focus is searched for', async () => {
  const { field } = open();
  act(() => field.blur());
  for (const key of '499.2') fireEvent.keyDown(document.body, { key });
  act(() => field.focus());
  await vi.waitFor(() => expect((field as HTMLInputElement).value).toBe('499.2'));
});
