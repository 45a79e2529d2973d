import { MantineProvider } from '@mantine/core';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Finding, FixAction } from '../../../bindings/wire';
import { emptyChain } from '../document';
import type { Tools } from '../useTools';
import { Group } from './Group';
import { useMend } from './useMend';

const [onAgain, onRun, onShow] = [vi.fn(), vi.fn(), vi.fn()];
beforeEach(() => vi.clearAllMocks());
afterEach(cleanup);

const found = (code: string, label: string, action: FixAction, retry: string) =>
  ({ level: 'warning', text: `${code}. A hint.`, problem: { code, title: code, hint: 'A hint.', fix: { label, action }, retry } }) as unknown as Finding;

function Findings({ finding }: { finding: Finding }) {
  const chain = emptyChain('Orders');
  const mend = useMend({ chain, onShow, onAgain, onRun });
  return <Group level={finding.level} findings={[finding]} chain={chain} tools={{} as Tools} spare={[]} onMend={mend} onShow={onShow} onRun={onRun} />;
}
const show = (finding: Finding) =>
  render(
    <MantineProvider>
      <Findings finding={finding} />
    </MantineProvider>,
  );

it('“Run when allowed” starts a run, which waits by itself, and says so', () => {
  show(found('RATE_LIMITED', 'Run when allowed', 'wait', 'wait'));
  screen.getByText(/waits there by itself/);
  fireEvent.click(screen.getByRole('button', { name: 'Run when allowed' }));
  expect(onRun).toHaveBeenCalledExactlyOnceWith();
  expect(onAgain).not.toHaveBeenCalled();
});

it('what says that it tries now asks once more and starts nothing', () => {
  show(found('SERVICE_DOWN', 'Try now', 'retry', 'safe'));
  expect(screen.queryByText(/waits there by itself/)).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Try now' }));
  expect(onAgain).toHaveBeenCalledOnce();
  expect(onRun).not.toHaveBeenCalled();
});
