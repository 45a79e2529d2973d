import { cleanup, render, screen, within } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';

import type { FailureView, HealthDetail, StepCallsView } from '../../bindings/wire';
import { formatMs, formatPercent } from '../../lib/format';
import { Failures } from './Failures';
import { StepCalls } from './StepCalls';

afterEach(cleanup);

const failure = (own: Partial<FailureView>): FailureView => ({
  operation: 'send_message', operationTitle: 'Send message', kind: 'operation', code: 'TIMEOUT_RESPONSE', title: 'Chat did not answer in time', count: 2, lastAt: '2026-11-20T12:00:00Z', counts: true, steps: [], ...own,
});
const told = (own: Partial<FailureView>): string => {
  render(<Failures detail={{ failures: [failure(own)] } as unknown as HealthDetail} range="24h" />);
  return screen.getByTestId('failures').textContent ?? '';
};

it('what failed is called as the connector calls it, and its id is only a tooltip', () => {
  const text = told({});
  expect(text).toContain('Send message');
  expect(text).not.toContain('send_message');
  expect(screen.getByTitle('send_message').textContent).toBe('Send message');
});

it.each<[string, Partial<FailureView>, string]>([
  ['an action that is not there any more', { operationTitle: null, operation: 'gone_away' }, 'An action'],
  ['a check', { kind: 'test', operationTitle: null, operation: 'health' }, 'A check'],
  ['an address, which is no id', { kind: 'read', operationTitle: null, operation: '/me' }, '/me'],
])('%s has words too', (_, own, words) => {
  const text = told(own);
  expect(text).toContain(words);
  if (own.kind !== 'read') expect(text).not.toContain(own.operation);
});

it('the steps that it failed in are named, one that nobody named by its chain', () => {
  const steps = ['Tell the team', 'Chat: Send message', 'c', 'd'].map((name, at) => ({ chain: `Chain ${at + 1}`, name }));
  expect(told({ steps: steps.slice(0, 2) })).toContain('In “Tell the team” of “Chain 1”, “Chain 2”');
  cleanup();
  expect(told({ steps })).toContain('“c” of “Chain 3” and 1 more step');
});

const step = (own: Partial<StepCallsView>): StepCallsView => ({
  chainId: 'chain-1', chain: 'Digest', step: 'tell', name: 'Tell the team', operation: 'send_message', calls: 8, ok: 6, failed: 2, held: 0, retries: 0, bytes: 0, p50Ms: 40, p95Ms: 1_200, p99Ms: 1_300, ...own,
});
const lines = (steps: StepCallsView[]) => {
  render(<StepCalls detail={{ steps } as unknown as HealthDetail} range="24h" />);
  return screen.getByTestId('step-calls');
};

it('the calls of each step are told with its chain, how many succeeded and how long they took', () => {
  const own = within(lines([step({}), step({ step: 'old', name: 'old', chain: null, calls: 0, ok: 0, failed: 0, p50Ms: null, p95Ms: null })]));
  const [, first, second] = own.getAllByRole('row');
  expect([...(first?.children ?? [])].map((cell) => cell.textContent)).toEqual(['Tell the teamDigest', '8', `${formatPercent(0.75)}2 failed`, formatMs(40), formatMs(1_200)]);
  expect(own.getByRole('link', { name: 'Digest' }).getAttribute('href')).toBe('/chains/chain-1');
  expect([...(second?.children ?? [])].map((cell) => cell.textContent)).toEqual(['olda chain that is not here any more', '0', '–', '–', '–']);
});

it('says that no step has called it', () => {
  expect(lines([]).textContent).toContain('No step of a chain has called it in 24 hours.');
});
