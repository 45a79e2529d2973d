import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { ItemData, RequestSummary, RunReport, StepPrivacy, UndoReport } from '../../../bindings/wire';

/** The engine as far as a report meets it. No connection is there any more: what is private is said with the run. */
const host = vi.hoisted(() => ({ items: [] as unknown[], saved: [] as string[] }));
vi.mock('../../../platform', async (original) => ({
  ...(await original<object>()),
  platform: {
    call: (_: string, command: string) => {
      if (command === 'connection_list') return Promise.resolve({ connections: [], total: 0 });
      if (command === 'run_data') return Promise.resolve({ items: host.items, total: host.items.length });
      return Promise.reject(new Error(command));
    },
    saveFile: (name: string, _: string, text: string) => {
      host.saved.push(text);
      return Promise.resolve(name);
    },
  },
}));

import { OPEN } from '../../chains/data/private';
import { Report } from './Report';
import { RunJson } from './RunJson';

const MAIL = 'amira@example.test';
const body = { contact: { email: MAIL, name: 'Amira' } };
const request: RequestSummary = { method: 'PATCH', url: 'http://localhost/people/1', body, hash: '' };

function report(more: Partial<RunReport>): RunReport {
  const step = {
    step: 'update', name: 'People: Update', connection: 'People', operation: 'update', state: 'done', privacy: OPEN, itemsIn: 1, itemsOut: 1, done: 1, failed: 0, quarantined: 0, skipped: 0, passed: 0, kept: 0, unknown: 0,
    effect: true, changes: 0, undone: 0, stay: 0, calls: 1, callsOk: 1, callsFailed: 0, callsHeld: 0, retries: 0, retryReasons: [], bytes: 10, callMs: 3, p50Ms: 3, p95Ms: 3, p99Ms: 3, startedAt: null, finishedAt: null, problems: [],
  };
  return {
    run: 'r-1', chainId: 'c-1', chain: 'Chain', chainVersion: 1, state: 'done', interrupted: false, dryRun: false, headline: '1 of 1 steps done.', createdAt: '2026-11-20T12:00:00Z', startedAt: null, finishedAt: '2026-11-20T12:00:01Z',
    recoveries: 0, check: [], steps: [step], connections: [], needsYou: [], undo: [], private: [['contact', 'email']], ...more,
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

const unknown = { ...OPEN, unknown: true };
const withPrivacy = (privacy: StepPrivacy) => report({}).steps.map((step) => ({ ...step, privacy }));

beforeEach(() => Object.assign(host, { items: [], saved: [] }));
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
  fireEvent.click(await screen.findByText('People: Update', { selector: '.run-fold-title bdi' }));
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

it('of what nobody knows any more nothing is shown until it is asked for, and why is said', async () => {
  host.items = [{ item: 0, given: null, request, outcome: { outcome: 'done', output: body } }];
  const remains = show(report({ private: [], steps: withPrivacy(unknown), undo: [{ step: 'update', item: 0, undone: false, problem: null, remains: body }] }));
  expect(text()).not.toContain('Amira');
  expect(text()).toContain('Its connector is no longer here');
  remains.unmount();
  show(report({ private: [], steps: withPrivacy(unknown) }));
  fireEvent.click(await screen.findByText('People: Update', { selector: '.run-fold-title bdi' }));
  fireEvent.click(await screen.findByText('Item 1'));
  await screen.findByRole('button', { name: 'Show Body, which is private' });
  expect(text()).not.toContain('Amira');
  expect(text(), 'nor where it was sent').not.toContain('people/1');
  fireEvent.click(screen.getByRole('button', { name: 'Show Body, which is private' }));
  expect(text()).toContain('Amira');
});

it('a part of an address that is private is masked, in the list of changes too', async () => {
  const url = 'http://localhost/people/amira%40example.test';
  const at = '2026-11-20T12:00:00Z';
  const steps = withPrivacy({ ...OPEN, addresses: ['people/{private}'] }).map((step) => ({ ...step, changes: 1, sent: [{ item: 0, at, attempts: 1, method: 'DELETE', url, state: 'made' as const }] }));
  host.items = [{ item: 0, given: null, request: { ...request, url }, outcome: { outcome: 'done', output: null } }];
  show(report({ steps }));
  for (const fold of await screen.findAllByText('People: Update', { selector: '.run-fold-title, .run-fold-title bdi' })) fireEvent.click(fold);
  fireEvent.click(await screen.findByText('Item 1'));
  const all = await screen.findAllByRole('button', { name: 'Show the address, which is private' });
  expect(all).toHaveLength(2);
  expect(text()).not.toContain('amira%40');
  fireEvent.click(all[0] as HTMLElement);
  expect(text().split('amira%40')).toHaveLength(2);
});

it('a body into which something private is worked is masked as a whole', async () => {
  host.items = [{ item: 0, given: null, request: { ...request, body: `To: ${MAIL}` }, outcome: { outcome: 'done', output: { subject: 'Shown' } } }];
  show(report({ steps: withPrivacy({ ...OPEN, body: true }) }));
  fireEvent.click(await screen.findByText('People: Update', { selector: '.run-fold-title bdi' }));
  fireEvent.click(await screen.findByText('Item 1'));
  expect(await screen.findByText('Something private is part of this text.')).toBeTruthy();
  expect(text()).not.toContain(MAIL);
  expect(text(), 'what came back is no part of it').toContain('Shown');
});

it('a file of all items holds private values only where that is wanted', async () => {
  host.items = [{ item: 0, given: null, request, outcome: { outcome: 'done', output: body } }];
  show(report({}));
  const save = () => fireEvent.click(screen.getByRole('button', { name: /Save as CSV/ }));
  save();
  await vi.waitFor(() => expect(host.saved).toHaveLength(1));
  expect(host.saved[0]).toContain('Amira');
  expect(host.saved[0]).not.toContain(MAIL);
  fireEvent.click(screen.getByRole('checkbox', { name: 'With private values' }));
  expect(text()).toContain('They stand in the file as they are.');
  save();
  await vi.waitFor(() => expect(host.saved).toHaveLength(2));
  expect(host.saved[1]).toContain(MAIL);
});

it('nothing is shown of a run where nobody says what of it is private', () => {
  render(
    <MantineProvider>
      <RunJson value={body} label="Body" step="update" />
    </MantineProvider>,
  );
  expect(text()).not.toContain('Amira');
});
