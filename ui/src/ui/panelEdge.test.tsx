import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { MantineProvider } from '@mantine/core';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { Page } from './Page';
import { usePanelWidth } from './PanelEdge';

beforeEach(() => usePanelWidth.setState({ width: 400 }));
afterEach(cleanup);

function open() {
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <Page title="Things" panel={<p>One thing</p>}>
          Things
        </Page>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return screen.getByRole('separator', { name: 'Width of the panel' });
}

const width = () => screen.getByRole('complementary', { name: 'Details' }).style.width;

it('the panel is made wider and narrower by keys, within bounds, and stays so', () => {
  const edge = open();
  fireEvent.keyDown(edge, { key: 'ArrowLeft' });
  expect([width(), edge.getAttribute('aria-valuenow')]).toEqual(['416px', '416']);
  fireEvent.keyDown(edge, { key: 'End' });
  fireEvent.keyDown(edge, { key: 'ArrowLeft' });
  expect(width()).toBe('640px');
  fireEvent.keyDown(edge, { key: 'ArrowRight' });
  cleanup();
  open();
  expect(width(), 'on the next page too').toBe('624px');
  expect(localStorage.getItem('patchbay-panel'), 'and after a restart').toContain('624');
});

it('the edge follows the pointer while it is held, and no longer', () => {
  const edge = open();
  edge.setPointerCapture = () => undefined;
  fireEvent.pointerMove(edge, { clientX: 100 });
  expect(width(), 'nothing holds it').toBe('400px');
  fireEvent.pointerDown(edge, { button: 0, clientX: 800, pointerId: 1 });
  fireEvent.pointerMove(edge, { clientX: 700 });
  expect(width()).toBe('500px');
  fireEvent.pointerMove(edge, { clientX: 1_100 });
  expect(width()).toBe('320px');
  fireEvent.pointerUp(edge);
  fireEvent.pointerMove(edge, { clientX: 600 });
  expect(width()).toBe('320px');
  fireEvent.doubleClick(edge);
  expect(width()).toBe('400px');
});
