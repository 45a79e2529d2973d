import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactElement } from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import type { ConnectionView } from '../bindings/wire';
import { ImportMenu } from '../features/authoring/ImportMenu';
import { Rename } from '../features/chains/editor/Name';
import { Dialogs } from '../features/connections/dialogs';

afterEach(cleanup);

const gone = vi.fn();
const connection = { name: 'Work', connector: 'chat', signals: 0 } as unknown as ConnectionView;

/** Each dialog that something is typed into: how it is opened, and the field. */
const DIALOGS: { name: string; dialog: ReactElement; open: () => void | Promise<void>; field: string; before: string }[] = [
  { name: 'the name of a connection', dialog: <Dialogs asked={{ what: 'rename', connection }} tool={undefined} onClose={gone} />, open: () => undefined, field: 'Name', before: 'Work' },
  {
    name: 'a definition that is pasted',
    dialog: <ImportMenu onText={() => undefined} />,
    open: async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Import' }));
      fireEvent.click(await screen.findByRole('menuitem', { name: /Paste/i }));
    },
    field: 'Definition',
    before: '',
  },
  { name: 'the name of a chain', dialog: <Rename name="Tell them" onRename={gone} />, open: () => void fireEvent.click(screen.getByRole('button', { name: 'Rename' })), field: 'Name of the chain', before: 'Tell them' },
];

it.each(DIALOGS)('$name is not lost to a key', async ({ dialog, open, field, before }) => {
  const client = new QueryClient();
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>{dialog}</QueryClientProvider>
    </MantineProvider>,
  );
  await open();
  const input = await screen.findByLabelText<HTMLInputElement>(field);
  const escape = () => fireEvent.keyDown(document.activeElement ?? document.body, { key: 'Escape' });
  input.focus();
  fireEvent.change(input, { target: { value: `${before}x` } });
  gone.mockClear();
  escape();
  await screen.findByText('Discard what you typed?');
  expect([gone.mock.calls.length, screen.getByLabelText<HTMLInputElement>(field).value]).toEqual([0, `${before}x`]);

  fireEvent.click(screen.getByText('Keep editing'));
  await vi.waitFor(() => expect(screen.queryByText('Discard what you typed?')).toBeNull());
  await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText(field)));
  escape();
  fireEvent.click(await screen.findByText('Discard'));
  const over = () => gone.mock.calls.length > 0 || screen.queryByLabelText(field) === null;
  await vi.waitFor(() => expect(over()).toBe(true));
});

it.each(DIALOGS)('$name closes at once where nothing was typed', async ({ dialog, open, field }) => {
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>{dialog}</QueryClientProvider>
    </MantineProvider>,
  );
  await open();
  gone.mockClear();
  (await screen.findByLabelText(field)).focus();
  fireEvent.keyDown(document.activeElement ?? document.body, { key: 'Escape' });
  await vi.waitFor(() => expect(gone.mock.calls.length > 0 || screen.queryByLabelText(field) === null).toBe(true));
  expect(screen.queryByText('Discard what you typed?')).toBeNull();
});
