import { MantineProvider } from '@mantine/core';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';

import type { Finding, Problem, RunReport } from '../../../bindings/wire';
import { CheckPart } from './CheckPart';
import { Problems } from './Problems';

afterEach(cleanup);

const down = { code: 'SERVICE_DOWN', title: 'Chat is not answering properly', hint: 'Chat has a problem of its own. This is not tried again by itself.', fix: { label: 'Try now', action: 'retry' }, retry: 'safe', givenUp: true } as Problem;
const limited = { code: 'RATE_LIMITED', title: 'Chat asked us to slow down', hint: 'We carry on at 12:05 UTC. Nothing is lost.', fix: { label: 'Run when allowed', action: 'wait' }, retry: 'wait' } as Problem;
const report = (more: Partial<RunReport>) => ({ run: 'r', chainId: 'c', state: 'failed', check: [], steps: [], ...more }) as unknown as RunReport;

it.each([
  ['does not answer', down],
  ['asks to wait', limited],
])('of a run that has ended, what tries again where a service %s says that it is a run of its own', (_, problem) => {
  const again = vi.fn();
  const steps = [{ step: 's', name: 'Send', failed: 1, quarantined: 0, itemsIn: 1, problems: [{ item: 0, problem }] }] as unknown as RunReport['steps'];
  render(<MantineProvider><Problems report={report({ steps })} runAgain={again} /></MantineProvider>);
  expect(screen.queryByRole('button', { name: problem.fix?.label })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Run again' }));
  expect(again).toHaveBeenCalledOnce();
});

it('while a run is under way nothing in its report starts another one', () => {
  const steps = [{ step: 's', name: 'Send', failed: 1, quarantined: 0, itemsIn: 1, problems: [{ item: 0, problem: down }] }] as unknown as RunReport['steps'];
  render(<MantineProvider><Problems report={report({ state: 'running', steps })} runAgain={() => expect.unreachable('a second run')} /></MantineProvider>);
  expect(screen.queryByRole('button', { name: 'Run again' })).toBeNull();
});

it('a warning that promised to wait promises it no more once the run has ended', () => {
  const warning: Finding = { level: 'warning', text: `${limited.title}. ${limited.hint}`, problem: limited };
  const view = (state: RunReport['state']) => (
    <MantineProvider>
      <CheckPart report={report({ state, check: [warning] })} />
    </MantineProvider>
  );
  const { rerender } = render(view('running'));
  screen.getByText(/We carry on/);
  rerender(view('done'));
  screen.getByText('Chat asked us to slow down');
  expect(screen.queryByText(/We carry on/)).toBeNull();
});
