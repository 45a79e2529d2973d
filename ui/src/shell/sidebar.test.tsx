import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, expect, it, vi } from 'vitest';

const host = vi.hoisted(() => ({ health: undefined as unknown }));
vi.mock('../platform', async (original) => ({
  ...(await original<object>()),
  platform: {
    call: (_: string, command: string) => {
      if (command === 'workspace_list') return Promise.resolve({ workspaces: ['default', 'lab'], labels: { default: 'Work', lab: 'Lab' } });
      return command === 'health' && host.health !== undefined ? Promise.resolve(host.health) : new Promise(() => undefined);
    },
  },
}));

import { usePreferences } from './preferences';
import { Sidebar } from './Sidebar';

const real = window.matchMedia;
afterEach(() => {
  cleanup();
  host.health = undefined;
  window.matchMedia = real;
});

/** The sidebar in a window of a width. */
function show(width: number, narrow: boolean) {
  window.matchMedia = ((query: string) => ({ matches: width <= Number(/max-width: (\d+)px/.exec(query)?.[1] ?? 0), addEventListener: () => undefined, removeEventListener: () => undefined })) as unknown as typeof window.matchMedia;
  usePreferences.setState({ narrow });
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <Router hook={memoryLocation({ path: '/chains' }).hook}>
          <Sidebar onSearch={() => undefined} />
        </Router>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

it.each([
  [1_080, false, true],
  [1_280, true, true],
  [1_280, false, false],
])('in a window of %i px, made narrow: %s, each icon says what it is: %s', async (width, narrow, said) => {
  show(width, narrow);
  const title = (element: HTMLElement) => element.getAttribute('title') ?? '';
  expect(title(screen.getByRole('link', { name: 'Chains' }))).toBe(said ? 'Chains' : '');
  expect(title(screen.getByRole('button', { name: /^Search/ }))).toBe(said ? 'Search (Ctrl K)' : '');
  expect(title(await screen.findByRole('button', { name: /^Workspace/ }))).toBe(said ? 'Workspace: Work' : 'Workspace');
});

const connection = (state: string, sandbox: boolean) => ({ state, sandbox });
it.each([
  ['only there', [connection('error', true)], [1, 1], '1 connection needs attention', 1],
  ['beside a tool that is well', [connection('error', true), connection('connected', false)], [1, 1], '1 sandbox connection needs attention', 1],
  ['beside a tool that is not', [connection('stale', true), connection('error', true), connection('error', false)], [3, 2], '1 connection needs attention', 1],
  ['well, beside a tool that is not', [connection('connected', true), connection('error', false), connection('stale', false)], [2, 0], '2 connections need attention', 2],
])('what of the sandbox is in trouble is not counted as the user’s own: %s', async (_, connections, [attention, attentionSandbox], said, count) => {
  host.health = { connections, attention, attentionSandbox, runsNeedYou: 0, runsActive: 0 };
  show(1_280, false);
  const marks = await screen.findAllByLabelText(said);
  expect(marks.map((mark) => [mark.closest('a')?.getAttribute('href'), mark.textContent])).toEqual([
    ['/connections', String(count)],
    ['/health', String(count)],
  ]);
  expect(document.querySelectorAll('.side-count')).toHaveLength(2);
});
