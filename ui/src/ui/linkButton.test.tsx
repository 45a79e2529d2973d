import { MantineProvider } from '@mantine/core';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, it, vi } from 'vitest';

const open = vi.hoisted(() => vi.fn(() => Promise.resolve()));
vi.mock('../platform', async (original) => {
  const real = await original<typeof import('../platform')>();
  return { ...real, platform: { ...real.platform, openUrl: open } };
});

import { LinkButton } from './LinkButton';

afterEach(cleanup);
const show = (node: ReactNode) => {
  render(<MantineProvider>{node}</MantineProvider>);
  fireEvent.click(screen.getByRole('button', { name: 'Go on' }));
};

it('a page is opened in the browser', () => {
  show(<LinkButton url="https://docs.example.test/">Go on</LinkButton>);
  expect(open).toHaveBeenCalledExactlyOnceWith('https://docs.example.test/');
});

it('what is done here opens nothing', () => {
  open.mockClear();
  const act = vi.fn();
  show(
    <LinkButton icon={null} onClick={act}>
      Go on
    </LinkButton>,
  );
  expect(act).toHaveBeenCalledTimes(1);
  expect(open).not.toHaveBeenCalled();
});
