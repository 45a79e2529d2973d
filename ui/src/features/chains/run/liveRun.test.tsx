import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { Route, Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Chain, ItemData, Problem, RunDataRequest, RunReport, RunState, StepReport } from '../../../bindings/wire';

const host = vi.hoisted(() => ({ answers: {} as Record<string, unknown> }));
vi.mock('../../../platform', async (original) => {
  const real = await original<typeof import('../../../platform')>();
  const call = (_: string, command: string, request: unknown) => {
    const answer = host.answers[command] as ((request: unknown) => unknown) | undefined;
    // What a test does not speak of is never answered.
    return answer ? Promise.resolve().then(() => answer(request)) : new Promise(() => undefined);
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { usePreferences } from '../../../shell/preferences';
import ChainPage from '../ChainPage';
import { emptyChain } from '../document';
import { POLICY } from '../fresh';

const chain: Chain = {
  ...emptyChain('Tell them'),
  steps: [
    { id: 'find', name: 'Find issues', connection: 'Tracker', operation: 'list', policy: POLICY },
    { id: 'tell', name: 'Tell people', connection: 'Chat', operation: 'send', forEach: 'find', policy: POLICY },
  ],
};
const down: Problem = { code: 'SERVICE_DOWN', title: 'Chat is not answering', hint: 'We tried 4 times.' };

const step = (id: string, change: Partial<StepReport>): StepReport => ({
  privacy: { unknown: false, body: false, addresses: [] }, step: id, name: id === 'find' ? 'Find issues' : 'Tell people', connection: 'Chat', operation: 'send', state: 'waiting', itemsIn: 0, itemsOut: 0, done: 0, failed: 0, quarantined: 0,
  skipped: 0, passed: 0, kept: 0, unknown: 0, effect: id === 'tell', changes: 0, undone: 0, stay: 0, calls: 0, callsOk: 0, callsFailed: 0, callsHeld: 0, retries: 0, retryReasons: [], retryWaitMs: 0, bytes: 0, callMs: 0, p50Ms: null, p95Ms: null, p99Ms: null, startedAt: null,
  finishedAt: null, problems: [], ...change,
});
const found = step('find', { state: 'done', itemsIn: 1, itemsOut: 3, done: 1, finishedAt: '2026-11-21T08:00:02Z' });
const failed = step('tell', { state: 'failed', itemsIn: 3, done: 2, failed: 1, finishedAt: '2026-11-21T08:00:12Z', problems: [{ item: 2, problem: down }] });

/** How the run does: a test says it, and lets it be read again. */
let report: RunReport;
let client: QueryClient;
let started: number;

const at = (state: RunState, steps: StepReport[]): RunReport => ({
  run: `r${started}`, chainId: 'c1', chain: 'Tell them', chainVersion: 3, state, interrupted: false, dryRun: false, headline: `It is ${state}.`, createdAt: '2026-11-21T08:00:00Z',
  startedAt: '2026-11-21T08:00:00Z', finishedAt: state === 'running' ? null : '2026-11-21T08:00:12Z', recoveries: 0, check: [], steps, connections: [], needsYou: [], undo: [], private: [],
});
const goesOn = async (state: RunState, steps: StepReport[]) => {
  report = at(state, steps);
  await act(() => client.invalidateQueries({ queryKey: ['run_report'] }));
};
const item = (own: number): ItemData => ({ item: own, given: { title: `Issue ${own + 1}` }, request: { method: 'POST', url: 'https://chat.example.test/messages', body: { text: `Message ${own + 1}` } } as unknown as ItemData['request'], outcome: own === 2 ? { outcome: 'not_done', problem: down } : null });

beforeEach(() => {
  started = 0;
  localStorage.clear();
  localStorage.setItem('patchbay-confirmed-c1', 'plan');
  usePreferences.setState({ chainView: 'list' });
  host.answers = {
    chain_export: () => ({ id: 'c1', version: 3, chain }),
    connection_list: () => ({ total: 2, connections: ['Tracker', 'Chat'].map((name) => ({ name, connector: name.toLowerCase(), origins: [] })) }),
    connector_show: ({ connector }: { connector: string }) => ({ summary: { id: connector, name: connector }, operations: [] }),
    chain_check: () => ({ ready: true, findings: [], spare: [], plan: 'plan' }),
    run_start: () => {
      started += 1;
      report = at('running', [step('find', { state: 'running' }), step('tell', {})]);
      return { id: `r${started}` };
    },
    run_report: () => ({ report }),
    run_data: ({ offset, limit }: RunDataRequest) => ({ items: [0, 1, 2].slice(offset ?? 0).slice(0, limit ?? 200).map(item), total: 3, private: [], privacy: { unknown: false, body: false, addresses: [] }, givenUnknown: false }),
  };
});
afterEach(cleanup);

/** Opens the chain and runs it. */
async function run(says = 'It is running.') {
  client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <Router hook={memoryLocation({ path: '/chains/c1' }).hook}>
          <Route path="/chains/:chain/:what?/:step?" component={ChainPage} />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
  fireEvent.click(await screen.findByRole('button', { name: 'Run' }));
  await screen.findByText(says);
}

const panel = () => screen.getByRole('complementary');
const close = () => fireEvent.click(within(panel()).getByRole('button', { name: 'Close' }));
const openStep = (name: RegExp) => {
  const card = screen.getAllByRole('button', { name }).find((own) => own.dataset.step !== undefined);
  if (!card) throw new Error('no such step');
  fireEvent.click(card);
};
const back = () => screen.queryByRole('button', { name: /^Show the run/ });
/** All that is told aloud now, in the regions of the page. */
const told = (role: 'status' | 'alert') => screen.getAllByRole(role).map((own) => own.textContent ?? '').filter((own) => /^Step|^The run/.test(own));

describe('a run in the editor, for who cannot see it', () => {
  it('tells each end of a step once, failures at once and why, whatever panel is open', async () => {
    await run();
    await goesOn('running', [found, step('tell', { state: 'running', itemsIn: 3 })]);
    await waitFor(() => expect(told('status')).toEqual(['Step 1 of 2, Find issues: Done']));
    openStep(/Find issues/);
    await goesOn('failed', [found, failed]);
    await waitFor(() => expect(told('alert')).toEqual(['Step 2 of 2, Tell people: Failed, Chat is not answering. The run has ended: Failed']));
    fireEvent.click(screen.getByRole('button', { name: /^Show the run/ }));
    await screen.findByText('It is failed.');
    expect(screen.getAllByRole('alert').filter((own) => own.textContent?.includes('Chat is not answering')).length, 'nor does what is shown say it again').toBe(1);
  });

  it('tells how one ended that was over before it was read', async () => {
    host.answers['run_start'] = () => {
      started += 1;
      report = at('done', [found, step('tell', { state: 'done', finishedAt: '2026-11-21T08:00:03Z' })]);
      return { id: `r${started}` };
    };
    await run('It is done.');
    await waitFor(() => expect(told('status')).toEqual(['Step 1 of 2, Find issues: Done. Step 2 of 2, Tell people: Done. The run has ended: Done']));
  });
});

describe('the header while a chain runs', () => {
  it('says how far it is, and leads back to its panel from any other', async () => {
    await run();
    expect(back(), 'its panel is open').toBeNull();
    await goesOn('running', [found, step('tell', { state: 'running', itemsIn: 3 })]);
    await waitFor(() => expect(screen.getByTestId('run-now').textContent).toMatch(/^1 of 2 · .*\d/));
    openStep(/Find issues/);
    expect(back()?.getAttribute('aria-label')).toBe('Show the run: Running');
    fireEvent.click(back() as HTMLElement);
    expect(document.activeElement?.textContent, 'and the focus goes along').toBe('It is running.');
    expect(back()).toBeNull();
  });

  it('leads back after the end too, until the panel is closed or another run begins', async () => {
    await run();
    close();
    expect(back(), 'it still runs').not.toBeNull();
    openStep(/Find issues/);
    await goesOn('done', [found, step('tell', { state: 'done' })]);
    await waitFor(() => expect(back()?.getAttribute('aria-label')).toBe('Show the run: Done'));
    expect(screen.queryByTestId('run-now'), 'nothing goes on').toBeNull();
    fireEvent.click(back() as HTMLElement);
    close();
    expect(back(), 'it was looked at').toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Run' }));
    await screen.findByText('It is running.');
    openStep(/Find issues/);
    expect(back()?.getAttribute('aria-label'), 'another one').toBe('Show the run: Running');
  });
});

describe('a run that failed', () => {
  const fails = async () => {
    await goesOn('failed', [found, failed]);
    await waitFor(() => expect(told('alert').length).toBe(1));
  };

  it('shows what failed with the very item, though its panel was closed, once', async () => {
    await run();
    close();
    await fails();
    const what = within(await screen.findByRole('region', { name: 'What failed: Tell people, item 3' }));
    what.getByText('Chat is not answering');
    await what.findByText('Message 3');
    close();
    await act(() => client.invalidateQueries({ queryKey: ['run_report'] }));
    expect(screen.queryByRole('complementary'), 'whoever closes it has seen it').toBeNull();
  });

  it('leaves alone what was opened meanwhile', async () => {
    await run();
    openStep(/Find issues/);
    await fails();
    expect(screen.queryByRole('region', { name: /^What failed/ })).toBeNull();
    within(panel()).getByRole('heading', { name: 'Find issues' });
    expect(back()?.getAttribute('aria-label')).toBe('Show the run: Failed');
  });

  it('opens the step at that item, and leads back', async () => {
    await run();
    await fails();
    fireEvent.click(await screen.findByRole('button', { name: 'Show the item' }));
    await within(panel()).findByText('Item 3 of 3');
    expect(within(panel()).getByRole('tab', { name: 'Data' }).getAttribute('aria-selected')).toBe('true');
    fireEvent.click(back() as HTMLElement);
    await screen.findByRole('button', { name: 'Run from here' });
  });

  it('is let be as it is, and says so, also when its panel is come back to', async () => {
    await run();
    await fails();
    fireEvent.click(await screen.findByRole('button', { name: 'Keep partial results' }));
    const kept = 'Kept: what 2 steps did stays. The report says what got through.';
    expect(document.activeElement?.textContent, 'the focus is lost to nothing').toBe(kept);
    expect(screen.queryByRole('button', { name: 'Run failed items only' })).toBeNull();
    openStep(/Find issues/);
    fireEvent.click(back() as HTMLElement);
    await screen.findByText(kept);
    expect(screen.queryByRole('button', { name: 'Run from here' })).toBeNull();
    fireEvent.click(within(panel()).getByRole('button', { name: 'Run again' }));
    await screen.findByText('It is running.');
    await fails();
    await screen.findByRole('button', { name: 'Keep partial results' });
  });

  it('finds the item where its step did not come to all of those before', async () => {
    const all = [0, 2].map(item);
    host.answers['run_data'] = ({ offset, limit }: RunDataRequest) => ({ items: all.slice(offset ?? 0).slice(0, limit ?? 200), total: 2, private: [], privacy: { unknown: false, body: false, addresses: [] }, givenUnknown: false });
    await run();
    await fails();
    await within(await screen.findByRole('region', { name: /^What failed/ })).findByText('Message 3');
  });

  it('takes no other item for one that there was no room for', async () => {
    host.answers['run_data'] = () => ({ items: [item(0), item(1)], total: 3, private: [], privacy: { unknown: false, body: false, addresses: [] }, givenUnknown: false });
    await run();
    await fails();
    fireEvent.click(await screen.findByRole('button', { name: 'Show the item' }));
    await within(panel()).findByText('Item 3 is not among those that are shown; it is in the file.');
  });
});
