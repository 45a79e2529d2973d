import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { Route, Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Chain, ChainSaveRequest } from '../../bindings/wire';

/** An engine with chains that are kept by version, as the real one answers. */
const engine = vi.hoisted(() => ({ kept: {} as Record<string, { version: number; chain: unknown }>, saved: [] as unknown[] }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const save = (request: ChainSaveRequest) => {
    engine.saved.push(request);
    const other = Object.entries(engine.kept).find(([id, own]) => (own.chain as Chain).name === request.chain.name && id !== request.id);
    if (other) throw new real.ProblemError({ code: 'CONFLICT', title: 'Taken', hint: '', subject: { kind: 'field', name: 'name' } });
    const id = request.id ?? 'c2';
    const version = engine.kept[id]?.version ?? 0;
    if (request.base && request.base < version) throw new real.ProblemError({ code: 'CONFLICT', title: 'Changed', hint: '', subject: { kind: 'chain', id, step: null } });
    engine.kept[id] = { version: version + 1, chain: request.chain };
    return { id, version: version + 1, name: request.chain.name, matched: [], findings: [], chain: request.chain };
  };
  const call = (_: string, command: string, request: never) => {
    const { chain } = request as { chain: string };
    if (command === 'chain_export') return Promise.resolve({ id: chain, ...engine.kept[chain] });
    if (command === 'connection_list') return Promise.resolve({ total: 0, connections: [] });
    if (command === 'chain_list') return Promise.resolve({ chains: Object.values(engine.kept).map((own) => own.chain) });
    return command === 'chain_save' ? Promise.resolve().then(() => save(request)) : new Promise(() => undefined);
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { usePreferences } from '../../shell/preferences';
import ChainPage from './ChainPage';
import { emptyChain } from './document';
import { POLICY } from './fresh';
import { showWith } from '../../ui/toasts/toast';
import { useUnsaved } from './unsaved';
import { EDITED } from './useChainEditor';

const named = (name: string): Chain => ({ ...emptyChain(name), steps: [{ id: 'wait', logic: { type: 'wait', seconds: 1 }, policy: POLICY }] });

beforeEach(() => {
  usePreferences.setState({ chainView: 'list' });
  useUnsaved.setState({ left: [] });
  engine.kept = { c1: { version: 1, chain: named('Tell them') } };
  engine.saved = [];
});
afterEach(cleanup);

/** Opens the chain, lets another window save it, and gives it another name here. */
async function overtaken() {
  const { hook, history } = memoryLocation({ path: '/chains/c1', record: true });
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <Router hook={hook}>
          <Route path="/chains/:chain/:what?/:step?" component={ChainPage} />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
  await screen.findByRole('heading', { level: 1, name: 'Tell them' });
  engine.kept['c1'] = { version: 2, chain: named('Theirs') };
  fireEvent.click(screen.getByRole('button', { name: 'Rename' }));
  const field = await screen.findByLabelText('Name of the chain');
  fireEvent.change(field, { target: { value: 'Mine' } });
  fireEvent.submit(field);
  await screen.findByTestId('overtaken');
  expect(engine.kept['c1']?.chain, 'nothing is overwritten by itself').toEqual(named('Theirs'));
  return history;
}

const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
const heading = (name: string) => screen.findByRole('heading', { level: 1, name });
const chain = (id: string) => engine.kept[id]?.chain as Chain | undefined;

it('what was saved elsewhere is taken, and Undo brings back mine', async () => {
  await overtaken();
  const hide = vi.fn();
  showWith({ show: () => undefined, hide });
  press('Take theirs');
  await heading('Theirs');
  expect(hide, 'an Undo that was offered before would take back theirs').toHaveBeenCalledWith(EDITED);
  expect(screen.queryByTestId('overtaken')).toBeNull();
  press('Undo');
  await heading('Mine');
  await waitFor(() => expect(chain('c1')?.name).toBe('Mine'));
  expect(engine.kept['c1']?.version).toBe(3);
});

it('mine becomes a chain of its own, and theirs stays', async () => {
  const history = await overtaken();
  press('Keep mine as a copy');
  await waitFor(() => expect(chain('c2')?.name).toBe('Mine'));
  await waitFor(() => expect(history.at(-1)).toBe('/chains/c2'));
  expect(chain('c1')).toEqual(named('Theirs'));
  await screen.findByText('Saved');
  await heading('Mine');
});

it('theirs is overwritten where that is wanted', async () => {
  await overtaken();
  press('Overwrite theirs');
  await waitFor(() => expect(chain('c1')?.name).toBe('Mine'));
  await waitFor(() => expect(screen.queryByTestId('overtaken')).toBeNull());
});
