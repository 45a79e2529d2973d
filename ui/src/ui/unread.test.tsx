import { MantineProvider } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

import { Unread } from './Read';

afterEach(cleanup);

const read = (isError: boolean, data: unknown, refetch = vi.fn()) => ({ isError, data, refetch, error: { code: 'SERVICE_DOWN', title: 'It does not answer', hint: '' } }) as unknown as UseQueryResult<unknown>;
const show = (...reads: UseQueryResult<unknown>[]) => render(<MantineProvider><Unread reads={reads} className="beside" /></MantineProvider>);

it('what could not be read is said once, and all of it is read again', () => {
  const again = [vi.fn(), vi.fn(), vi.fn()];
  show(read(true, undefined, again[0]), read(true, undefined, again[1]), read(false, {}, again[2]));
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(again.map((one) => one.mock.calls.length)).toEqual([1, 1, 0]);
  expect(screen.getAllByTestId('problem')).toHaveLength(1);
});

it('what is there, be it old, stands for itself and takes no room', () => {
  show(read(true, { connections: [] }), read(false, undefined));
  expect(document.querySelector('.beside')).toBeNull();
});
