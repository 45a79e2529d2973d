import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, expect, it, vi } from 'vitest';

vi.mock('../platform', async (original) => ({
  ...(await original<object>()),
  platform: { call: (_: string, command: string) => (command === 'workspace_list' ? Promise.resolve({ workspaces: ['default', 'lab'], labels: { default: 'Work', lab: 'Lab' } }) : new Promise(() => undefined)) },
}));

import { usePreferences } from './preferences';
import { Sidebar } from './Sidebar';

const real = window.matchMedia;
afterEach(() => {
  cleanup();
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
