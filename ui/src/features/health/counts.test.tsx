import { MantineProvider } from '@mantine/core';
import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';

import type { HealthOverview, HealthState } from '../../bindings/wire';
import { Counts } from './Counts';

afterEach(cleanup);

const row = (health: HealthState, sandbox: boolean) => ({ health, sandbox, paused: false });
const told = (...connections: ReturnType<typeof row>[]) => {
  const { container } = render(
    <MantineProvider>
      <Counts data={{ connections, checkedAt: null } as unknown as HealthOverview} />
    </MantineProvider>,
  );
  return [...container.querySelectorAll('.pill, .hl-rest')].map((part) => part.textContent).join(' | ');
};

it('connections of the sandbox are said apart from the user’s own', () => {
  expect(told(row('healthy', false), row('error', true), row('healthy', true))).toBe('1 healthy · 2 of the sandbox, not counted · never checked');
});

it('where there are no others they are what is counted', () => {
  expect(told(row('error', true), row('healthy', true))).toBe('1 error | 1 healthy · never checked');
});
