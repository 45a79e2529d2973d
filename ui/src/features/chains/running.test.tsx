import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { Route, Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Chain, ChainCheckRequest, Finding, RunStartRequest } from '../../bindings/wire';

type Answer = (request: never) => unknown;
const host = vi.hoisted(() => ({ answers: {} as Record<string, unknown> }));
vi.mock('../../platform', async (original) => {
  const real = await original<typeof import('../../platform')>();
  const call = (_: string, command: string, request: unknown) => {
    const answer = host.answers[command] as ((request: unknown) => unknown) | undefined;
    // What a test does not speak of is never answered.
    return answer ? Promise.resolve().then(() => answer(request)) : new Promise(() => undefined);
  };
  return { ...real, platform: { ...real.platform, call } };
});

import { ProblemError } from '../../platform';
import { usePreferences } from '../../shell/preferences';
import ChainPage from './ChainPage';
import { emptyChain } from './document';
import { POLICY } from './fresh';

const chain: Chain = {
  ...emptyChain('Tell them'),
  steps: [
    { id: 'find', connection: 'Tracker', operation: 'list', policy: POLICY },
    { id: 'tell', connection: 'Chat', operation: 'send', policy: POLICY },
  ],
};
const effect = (text: string): Finding => ({ level: 'effect', step: 'tell', text });
const down: Finding = { level: 'blocker', text: 'Chat is not answering.', problem: { code: 'SERVICE_DOWN', title: 'Chat is not answering', hint: '', subject: { kind: 'connection', name: 'Chat' } } };

let checks: ChainCheckRequest[];
let starts: RunStartRequest[];

/** The engine as far as a test speaks of it. */
const answers = (own: Record<string, Answer>) => {
  host.answers = {
    chain_export: () => ({ id: 'c1', version: 3, chain }),
    connection_list: () => ({ total: 2, connections: [{ name: 'Tracker', connector: 'tracker', origins: [] }, { name: 'Chat', connector: 'chat', origins: [] }] }),
    run_start: (request: RunStartRequest) => {
      starts.push(request);
      return { id: 'r1' };
    },
    ...own,
  };
};

/** Looks at the chain as the address says. */
function open(path = '/chains/c1') {
  const { hook, history } = memoryLocation({ path, record: true });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <Router hook={hook}>
          <Route path="/chains/:chain/:what?/:step?" component={ChainPage} />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return history;
}

beforeEach(() => {
  checks = [];
  starts = [];
  localStorage.clear();
  usePreferences.setState({ chainView: 'list' });
});
afterEach(cleanup);

const dialog = () => screen.findByRole('dialog', { name: /^Run / });

describe('a run that is asked for elsewhere', () => {
  it('is checked also where the definition of another tool cannot be read', async () => {
    // One of them is broken, the other one answers late: nothing begins before it is known what there is.
    let late: (detail: unknown) => void = () => undefined;
    answers({
      connector_show: ({ connector }: { connector: string }) => {
        if (connector === 'tracker') throw new ProblemError({ code: 'INVALID_CONFIG', title: 'Its definition is broken', hint: '' });
        return new Promise((resolve) => (late = resolve));
      },
      chain_check: (request: ChainCheckRequest) => {
        if (!request.local) checks.push(request);
        return { ready: false, findings: [down], spare: [], plan: null };
      },
    });
    const history = open('/chains/c1/run');
    await screen.findByRole('heading', { level: 1, name: 'Tell them' });
    expect(checks).toEqual([]);
    late({ summary: { id: 'chat', name: 'Chat' }, operations: [] });
    await vi.waitFor(() => expect(checks).toEqual([{ chain: 'c1', local: false }]));
    expect(history.at(-1), 'going back asks for nothing again').toBe('/chains/c1');
    expect((await screen.findAllByText('Chat is not answering')).length, 'and the check says what is missing').toBeGreaterThan(0);
  });
});

describe('offline', () => {
  const tools = { connector_show: ({ connector }: { connector: string }) => ({ summary: { id: connector, name: connector }, operations: [] }) };
  const network = vi.spyOn(navigator, 'onLine', 'get');
  afterEach(() => network.mockReturnValue(true));
  const asked = (origin: string) =>
    answers({
      ...tools,
      connection_list: () => ({ total: 2, connections: ['Tracker', 'Chat'].map((name) => ({ name, connector: name.toLowerCase(), origins: [origin] })) }),
      chain_check: (request: ChainCheckRequest) => {
        if (!request.local) checks.push(request);
        return { ready: false, findings: [down], spare: [], plan: null };
      },
    });

  it('says why nothing runs that was asked for where no button says it', async () => {
    network.mockReturnValue(false);
    asked('https://chat.example');
    open('/chains/c1/run');
    expect(await screen.findByText('The chain was not run')).toBeTruthy();
    expect([checks, starts]).toEqual([[], []]);
  });

  it('runs what is on this computer', async () => {
    network.mockReturnValue(false);
    asked('http://127.0.0.1:7000');
    open('/chains/c1/run');
    await vi.waitFor(() => expect(checks).toHaveLength(1));
    expect(screen.queryByText('The chain was not run')).toBeNull();
  });
});

describe('what was shown', () => {
  const tools = { connector_show: ({ connector }: { connector: string }) => ({ summary: { id: connector, name: connector }, operations: [] }) };
  const run = async () => {
    const button = await screen.findByRole('button', { name: 'Run' });
    fireEvent.click(button);
  };

  it('is what runs', async () => {
    answers({ ...tools, chain_check: () => ({ ready: true, findings: [effect('Sends 3 messages.')], spare: [], plan: 'plan-1' }) });
    open();
    await run();
    fireEvent.click(within(await dialog()).getByRole('button', { name: 'Run' }));
    await vi.waitFor(() => expect(starts.map((start) => start.plan)).toEqual(['plan-1']));
  });

  it('is shown anew, and nothing starts, where something else would be done now', async () => {
    let plan = 'plan-1';
    answers({
      ...tools,
      chain_check: () => ({ ready: true, findings: [effect(plan === 'plan-1' ? 'Sends 3 messages to Ops.' : 'Sends 3 messages to Everybody.')], spare: [], plan }),
      run_start: (request: RunStartRequest) => {
        starts.push(request);
        if (request.plan === plan) return { id: 'r1' };
        throw new ProblemError({ code: 'CONFLICT', title: 'It has changed', hint: '' });
      },
    });
    open();
    await run();
    const first = await dialog();
    within(first).getByText('Sends 3 messages to Ops.');
    plan = 'plan-2';
    fireEvent.click(within(first).getByRole('button', { name: 'Run' }));
    await screen.findByText('Sends 3 messages to Everybody.');
    const second = await dialog();
    within(second).getByText(/has changed since you saw it/);
    expect(starts.map((start) => start.plan)).toEqual(['plan-1']);
    fireEvent.click(within(second).getByRole('button', { name: 'Run' }));
    await vi.waitFor(() => expect(starts.map((start) => start.plan)).toEqual(['plan-1', 'plan-2']));
  });

  it('is asked about once, until something else would be done', async () => {
    let plan = 'plan-1';
    answers({ ...tools, chain_check: () => ({ ready: true, findings: [effect('Sends 3 messages.')], spare: [], plan }) });
    localStorage.setItem('patchbay-confirmed-c1', 'plan-1');
    open();
    await run();
    await vi.waitFor(() => expect(starts.map((start) => start.plan)).toEqual(['plan-1']));
    cleanup();
    plan = 'plan-2';
    open();
    await run();
    await dialog();
    expect(starts.length).toBe(1);
  });

  it('is of the steps that run, where some are left out', async () => {
    answers({
      ...tools,
      chain_check: (request: ChainCheckRequest) => {
        if (!request.local) checks.push(request);
        if (request.without) return { ready: true, findings: [effect('Reads issues.')], spare: [], plan: 'plan-less' };
        return { ready: false, findings: [down, effect('Sends 3 messages.')], spare: ['tell'], plan: 'plan-all' };
      },
    });
    open();
    await run();
    fireEvent.click(await screen.findByRole('button', { name: /^Run without/ }));
    const asked = await dialog();
    within(asked).getByText('Reads issues.');
    expect(checks.at(-1)).toEqual({ chain: 'c1', local: false, without: ['tell'] });
    fireEvent.click(within(asked).getByRole('button', { name: 'Run' }));
    await vi.waitFor(() => expect(starts.map(({ plan, without }) => ({ plan, without }))).toEqual([{ plan: 'plan-less', without: ['tell'] }]));
  });
});
