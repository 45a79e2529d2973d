import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, it, vi } from 'vitest';

import { readAgain } from './readAgain';

/** A read whose answers are given by hand. */
function reading() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 30_000 } } });
  const answers: ((value: string) => void)[] = [];
  const observer = new QueryObserver(client, { queryKey: ['run_report', 'default'], queryFn: () => new Promise<string>((answer) => answers.push(answer)) });
  const stop = observer.subscribe(() => undefined);
  const answer = async (nth: number, value: string) => {
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(nth));
    answers[nth]?.(value);
  };
  return { client, observer, answers, answer, stop };
}

it('a change during the very first read is not lost', async () => {
  const { client, observer, answer, stop } = reading();
  readAgain(client, { queryKey: ['run_report'] });
  // Asked before the change, answered after it.
  await answer(0, 'running');
  await answer(1, 'done');
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('done'));
  stop();
});

it('a change after it is read once', async () => {
  const { client, observer, answers, answer, stop } = reading();
  await answer(0, 'running');
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('running'));
  readAgain(client, { queryKey: ['run_report'] });
  await answer(1, 'done');
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('done'));
  expect(answers).toHaveLength(2);
  stop();
});

it('changes that come faster than answers keep no answer from the screen', async () => {
  const { client, observer, answers, answer, stop } = reading();
  await answer(0, 'first');
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('first'));
  readAgain(client, { queryKey: ['run_report'] });
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  readAgain(client, { queryKey: ['run_report'] });
  readAgain(client, { queryKey: ['run_report'] });
  await answer(1, 'second');
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('second'));
  await answer(2, 'third');
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('third'));
  expect(answers, 'once for all that changed meanwhile').toHaveLength(3);
  stop();
});
