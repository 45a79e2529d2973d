import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';

import type { RunReport } from '../../../bindings/wire';
import { Timeline } from './Timeline';

afterEach(cleanup);

function show(retryWaitMs: number) {
  const step = { step: 's', name: 'Send', state: 'done', calls: 2, callMs: 200, retryWaitMs, startedAt: '2026-11-21T08:00:00Z', finishedAt: '2026-11-21T08:00:01Z' };
  const report = { state: 'done', createdAt: '2026-11-21T08:00:00Z', finishedAt: '2026-11-21T08:00:01Z', steps: [step], needsYou: [] } as unknown as RunReport;
  const { container } = render(
    <MantineProvider>
      <Timeline report={report} now={0} />
    </MantineProvider>,
  );
  return [...container.querySelectorAll<HTMLElement>('.run-bar > span')].map((part) => [part.className, part.style.width]);
}

it('a step that was tried again shows how long it waited for that, in its bar, in the legend and in words', () => {
  expect(show(500)).toEqual([
    ['run-bar-calling', '20%'],
    ['run-bar-retrying', '50%'],
  ]);
  screen.getByText('Retrying', { exact: false, selector: '.run-legend' });
  expect(screen.getByRole('img', { name: /began after/ }).getAttribute('aria-label')).toMatch(/waited .*500 ms.* to try again/);
});

it('where nothing was tried again nothing is said of it', () => {
  expect(show(0)).toEqual([['run-bar-calling', '20%']]);
  expect(screen.queryByText(/Retrying/)).toBeNull();
  expect(screen.getByRole('img', { name: /began after/ }).getAttribute('aria-label')).not.toContain('try again');
});
