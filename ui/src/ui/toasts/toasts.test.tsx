import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';

import { useWorkspace } from '../../engine';
import { ToastHost } from './ToastHost';
import { toast, withdraw } from './toast';

afterEach(() => {
  useWorkspace.setState({ name: `other ${Math.random()}` });
  cleanup();
});

const shown = async () => (await screen.findAllByTestId('toast')).map((one) => one.textContent);
const host = () =>
  render(
    <MantineProvider>
      <main tabIndex={-1} />
      <ToastHost />
    </MantineProvider>,
  );

it('says what was done, shows it, and takes it back', async () => {
  host();
  expect(screen.getByTestId('said').textContent).toBe('');
  const undo = vi.fn();
  toast({ words: 'The filter is forgotten.', undo });
  expect((await screen.findByTestId('said')).textContent).toBe('The filter is forgotten.');
  expect(screen.getByTestId('said').getAttribute('role')).toBe('status');
  await userEvent.click(await screen.findByRole('button', { name: 'Undo' }));
  expect(undo).toHaveBeenCalledOnce();
  expect(document.activeElement?.tagName).toBe('MAIN');
  await vi.waitFor(() => expect(screen.queryByTestId('toast')).toBeNull());
});

it('shows three at once and keeps the others for later', async () => {
  host();
  for (const words of ['one', 'two', 'three', 'four']) toast({ words });
  expect(await shown()).toEqual(['one', 'two', 'three']);
  const [first] = screen.getAllByRole('button', { name: 'Close' });
  if (first) await userEvent.click(first);
  await screen.findByText('four', { selector: '[data-testid=toast] *' });
});

it('has one of each kind, which goes when it would take back something else', async () => {
  host();
  toast({ id: 'edited', words: 'first' });
  toast({ id: 'edited', words: 'second' });
  await vi.waitFor(async () => expect(await shown()).toEqual(['second']));
  withdraw('edited');
  await vi.waitFor(() => expect(screen.queryByTestId('toast')).toBeNull());
});

it('takes nothing back in another workspace', async () => {
  host();
  toast({ words: 'Archived.', undo: () => expect.unreachable('another workspace') });
  await shown();
  useWorkspace.setState({ name: 'work' });
  await vi.waitFor(() => expect(screen.queryByTestId('toast')).toBeNull());
});
