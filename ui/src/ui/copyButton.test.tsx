import { MantineProvider } from '@mantine/core';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { Component, type ReactElement } from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import type { Problem } from '../bindings/wire';
import { DataView } from '../features/chains/data/DataView';
import { CopyButton } from './CopyButton';
import { ErrorBoundary } from './ErrorBoundary';
import { Fatal } from './Fatal';
import { ProblemBlock } from './ProblemBlock';

class Broken extends Component {
  override render(): never {
    throw new Error('Out of order');
  }
}
const problem: Problem = { code: 'SERVICE_DOWN', title: 'Chat is not answering', hint: 'Later.' };

/** Wherever something is copied. */
const PLACES: { place: string; shown: ReactElement; word: string; text: string }[] = [
  { place: 'a button', shown: <CopyButton text="What it says" />, word: 'Copy', text: 'What it says' },
  { place: 'a problem', shown: <ProblemBlock problem={problem} />, word: 'Copy', text: 'SERVICE_DOWN' },
  { place: 'a part that broke', shown: <ErrorBoundary><Broken /></ErrorBoundary>, word: 'Copy details', text: 'Out of order' },
  { place: 'a frame that broke', shown: <Fatal><Broken /></Fatal>, word: 'Copy details', text: 'Out of order' },
  { place: 'data', shown: <DataView title="Out" value={{ a: 'one' }} none="" />, word: 'Copy all', text: 'one' },
];

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it.each(PLACES)('$place says whether it was copied', async ({ shown, word, text }) => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const writeText = vi.fn<(text: string) => Promise<void>>(() => Promise.resolve());
  vi.stubGlobal('navigator', { ...navigator, clipboard: { writeText } });
  render(<MantineProvider>{shown}</MantineProvider>);
  const details = screen.queryByRole('button', { name: 'Details' });
  if (details) fireEvent.click(details);
  fireEvent.click(screen.getByRole('button', { name: word }));
  await screen.findByRole('button', { name: 'Copied' });
  expect(writeText.mock.calls[0]?.[0]).toContain(text);
  expect(screen.getAllByRole('status').map((status) => status.textContent)).toContain('Copied');

  writeText.mockRejectedValueOnce(new Error('Not now'));
  fireEvent.click(screen.getByRole('button', { name: 'Copied' }));
  await screen.findByRole('button', { name: 'Could not be copied' });
  // A page that is not let near the clipboard has none.
  vi.stubGlobal('navigator', { ...navigator, clipboard: undefined });
  fireEvent.click(screen.getByRole('button', { name: 'Could not be copied' }));
  await vi.waitFor(() => expect(screen.getAllByRole('status').map((status) => status.textContent)).toContain('Could not be copied'));
});
