import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { ItemData, RequestSummary, RunReport, UndoReport } from '../../../bindings/wire';

/** The engine as far as a report meets it. */
const host = vi.hoisted(() => ({ items: [] as unknown[], refuses: false }));
vi.mock('../../../platform', async (original) => ({
  ...(await original<object>()),
  platform: {
    call: (_: string, command: string) => {
      if (command === 'connection_list') {
        const connections = [{ name: 'People', connector: 'people' }];
        return Promise.resolve({ connections: host.refuses ? [] : connections, total: 1 });
      }
      if (command === 'connector_show') return Promise.resolve({ summary: { id: 'people', name: 'People' }, operations: [{ id: 'update', private: [['contact', 'email']] }] });
      if (command === 'run_data') return Promise.resolve({ items: host.items, total: host.items.length });
      return Promise.reject(new Error(command));
    },
  },
}));

import { Report } from './Report';
import { RunJson } from './RunJson';

const MAIL = 'amira@example.test';
const body = { contact: { email: MAIL, name: 'Amira' } };
const request: RequestSummary = { method: 'PATCH', url: 'http://localhost/people/1', body, hash: '' };

function report(more: Partial<RunReport>): RunReport {
  const step = {
    step: 'update', name: 'People: Update', connection: 'People', operation: 'update', state: 'done', itemsIn: 1, itemsOut: 1, done: 1, failed: 0, quarantined: 0, skipped: 0, passed: 0, kept: 0, unknown: 0,
    effect: true, changes: 0, undone: 0, stay: 0, calls: 1, callsOk: 1, callsFailed: 0, callsHeld: 0, retries: 0, retryReasons: [], bytes: 10, callMs: 3, p50Ms: 3, p95Ms: 3, p99Ms: 3, startedAt: null, finishedAt: null, problems: [],
  };
  return {
    run: 'r-1', chainId: 'c-1', chain: 'Chain', chainVersion: 1, state: 'done', interrupted: false, dryRun: false, headline: '1 of 1 steps done.', createdAt: '2026-11-20T12:00:00Z', startedAt: null, finishedAt: '2026-11-20T12:00:01Z',
    recoveries: 0, check: [], steps: [step], connections: [], needsYou: [], undo: [], ...more,
  } as unknown as RunReport;
}

const show = (shown: RunReport) =>
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <MantineProvider>
        <Report report={shown} />
      </MantineProvider>
    </QueryClientProvider>,
  );

const text = () => document.body.textContent ?? '';
const masks = () => screen.findAllByRole('button', { name: 'Show email, which is private' });

beforeEach(() => Object.assign(host, { items: [], refuses: false }));
afterEach(cleanup);

it('what remains after an undo is masked until it is shown', async () => {
  const undo: UndoReport = { step: 'update', item: 0, undone: false, problem: null, remains: body };
  show(report({ undo: [undo] }));
  const [mask, ...more] = await masks();
  expect(text(), 'the rest of it is there').toContain('Amira');
  expect(text()).not.toContain(MAIL);
  expect(more).toHaveLength(0);
  fireEvent.click(mask as HTMLElement);
  expect(text()).toContain(MAIL);
});

it('each item masks what was sent and what came back, one by one', async () => {
  const item: ItemData = { item: 0, given: null, request, outcome: { outcome: 'done', output: [body, { contact: { email: 'b@example.test' } }] } };
  host.items = [item];
  show(report({}));
  fireEvent.click(await screen.findByText('People: Update', { selector: '.run-fold-title' }));
  fireEvent.click(await screen.findByText('Item 1'));
  const all = await masks();
  expect(all, 'in the request, and twice in the result').toHaveLength(3);
  expect(text()).not.toContain('@example.test');
  fireEvent.click(all[2] as HTMLElement);
  expect(text()).toContain('b@example.test');
  expect(text(), 'the others stay masked').not.toContain(MAIL);
});

it.each([
  ['of a dry run', (): Partial<RunReport> => ({ dryRun: true, steps: report({}).steps.map((step) => ({ ...step, shown: [request] })) })],
  ['that nobody knows the outcome of', (): Partial<RunReport> => ({ state: 'needs_you', needsYou: [{ step: 'update', item: 0, request, sentAt: null, problem: { code: 'UNKNOWN_OUTCOME', title: 'Not known', hint: '' } as RunReport['needsYou'][0]['problem'] }] })],
])('a request %s is masked too', async (_, more) => {
  show(report(more()));
  expect(await masks()).toHaveLength(1);
  expect(text()).not.toContain(MAIL);
});

it('nothing is shown before it is known what is private; what nobody knows of is shown', async () => {
  host.refuses = true;
  show(report({ undo: [{ step: 'update', item: 0, undone: false, problem: null, remains: body }] }));
  expect(text()).not.toContain('Amira');
  await vi.waitFor(() => expect(text()).toContain(MAIL));
});

it('nothing is shown of a run where nobody says what of it is private', () => {
  render(
    <MantineProvider>
      <RunJson value={body} label="Body" />
    </MantineProvider>,
  );
  expect(text()).not.toContain('Amira');
});
