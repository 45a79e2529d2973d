import { MantineProvider } from '@mantine/core';
import { act, cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';

import { useWorkspace } from '../../engine';
import { ToastHost } from './ToastHost';
import { ProblemError } from '../../platform';
import { takeBack, toast, withdraw } from './toast';

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

const refusal = new ProblemError({ code: 'STORAGE_BUSY', title: 'The database is busy', hint: 'Another program holds it.' });

it('what could not be taken back says why, stays until it is closed, and can be tried again', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  host();
  let tries = 0;
  takeBack(() => (++tries < 3 ? Promise.reject(refusal) : Promise.resolve()));
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain('It could not be taken back: The database is busy.');
  expect(alert.textContent).toContain('Another program holds it.');
  expect(screen.getByTestId('said').textContent, 'and is not said twice').toBe('');
  // Looked at and left, as by keys.
  const again = screen.getByRole('button', { name: 'Try again' });
  act(() => {
    again.focus();
    again.blur();
    vi.advanceTimersByTime(60_000);
  });
  expect(screen.getByRole('alert'), 'nobody closed it').toBe(alert);
  vi.useRealTimers();
  await userEvent.click(again);
  await vi.waitFor(() => expect(tries).toBe(2));
  await userEvent.click(await screen.findByRole('button', { name: 'Try again' }));
  await vi.waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  expect(tries).toBe(3);
});

it('what could not be taken back goes when it is closed', async () => {
  host();
  takeBack(() => Promise.reject(refusal));
  await screen.findByRole('alert');
  await userEvent.click(screen.getByRole('button', { name: 'Close' }));
  await vi.waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
});
