import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { afterEach, expect, it, vi } from 'vitest';

import { Page } from './Page';

afterEach(cleanup);

let made = 0;

/** A panel about one item, of which one cannot be shown. */
function Panel({ item }: { item: string }) {
  if (item === 'broken') throw new Error('It has no name');
  return <p>All about {item}</p>;
}

/** Counts how often it is made anew. */
function Content() {
  const [nth] = useState(() => (made += 1));
  return <p>Content {nth}</p>;
}

it('what broke for one item is there for the next one, and what works is not made anew', () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { hook, navigate } = memoryLocation({ path: '/things/broken' });
  const shown = (item: string, panelOf?: string) => (
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <Router hook={hook}>
          <Page title="Things" panel={<Panel item={item} />} panelOf={panelOf}>
            <Content />
          </Page>
        </Router>
      </QueryClientProvider>
    </MantineProvider>
  );
  const { rerender } = render(shown('broken'));
  screen.getByRole('alert');
  const content = screen.getByText(/^Content/).textContent;
  act(() => {
    navigate('/things/next');
    rerender(shown('next'));
  });
  screen.getByText('All about next');
  expect(screen.getByText(/^Content/).textContent).toBe(content);
  // Where the address stays the same, what the panel is about says it.
  rerender(shown('broken', 'one'));
  screen.getByRole('alert');
  rerender(shown('other', 'two'));
  screen.getByText('All about other');
});
