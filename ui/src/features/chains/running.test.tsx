import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { Route, Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Chain, ChainCheckRequest, Finding } from '../../bindings/wire';

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
const down: Finding = { level: 'blocker', text: 'Chat is not answering.', problem: { code: 'SERVICE_DOWN', title: 'Chat is not answering', hint: '', subject: { kind: 'connection', name: 'Chat' } } };

let checks: ChainCheckRequest[];

/** The engine as far as a test speaks of it. */
const answers = (own: Record<string, Answer>) => {
  host.answers = {
    chain_export: () => ({ id: 'c1', version: 3, chain }),
    connection_list: () => ({ total: 2, connections: [{ name: 'Tracker', connector: 'tracker', origins: [] }, { name: 'Chat', connector: 'chat', origins: [] }] }),
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
  localStorage.clear();
  usePreferences.setState({ chainView: 'list' });
});
afterEach(cleanup);

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
