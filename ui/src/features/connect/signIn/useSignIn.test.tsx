import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { SignInView } from '../../../bindings/wire';
import type { ReservedPage } from '../../../platform';

/** The engine and the browser as far as a sign-in meets them. */
const host = vi.hoisted(() => ({
  calls: [] as [string, unknown][],
  views: new Map<string, SignInView>(),
  begun: [] as (() => void)[],
  page: undefined as ReservedPage | undefined,
  held: false,
}));
vi.mock('../../../platform', async (original) => ({
  ...(await original<object>()),
  platform: {
    call: async (_: string, command: string, request: { id: string }) => {
      host.calls.push([command, request]);
      if (command === 'sign_in_begin') {
        const id = `s-${host.calls.filter(([name]) => name === command).length}`;
        if (host.held) await new Promise<void>((go) => host.begun.push(go));
        host.views.set(id, view(id));
        return view(id);
      }
      return host.views.get(request.id);
    },
    reservePage: () => host.page,
  },
}));

import { useSignIn, type Beginning } from './useSignIn';

function view(id: string, more: Partial<SignInView> = {}): SignInView {
  return {
    id, connector: 'tracker', stage: 'waiting', url: `https://tracker.example/${id}`, redirectUri: null, userCode: null, opened: false,
    secondsLeft: 300, notice: null, brought: [], account: null, asked: [], missing: [], beyond: [], choices: 0, problem: null, ...more,
  };
}

const beginning: Beginning = { opens: true, request: { connector: 'tracker', auth: 'oauth', config: {}, secrets: {}, allowPrivate: false, chooseAccount: false } };
const cancelled = () => host.calls.filter(([command]) => command === 'sign_in_cancel').map(([, request]) => (request as { id: string }).id);

function mount(basis = 'a') {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
  const hook = renderHook(({ basis }) => useSignIn(basis, undefined), { wrapper, initialProps: { basis } });
  const becomes = async (id: string, more: Partial<SignInView>) => {
    host.views.set(id, view(id, more));
    await act(() => client.invalidateQueries({ queryKey: ['sign_in_show'] }));
  };
  return { ...hook, becomes, begin: () => act(() => hook.result.current.begin(beginning)) };
}

describe('a sign-in that is held', () => {
  beforeEach(() => {
    Object.assign(host, { calls: [], views: new Map(), begun: [], held: false, page: { go: () => true, drop: vi.fn() } });
  });
  afterEach(cleanup);

  it('goes to the page that the click opened', async () => {
    const seen: string[] = [];
    host.page = { go: (url) => seen.push(url) > 0, drop: vi.fn() };
    const { result, begin } = mount();
    await begin();
    expect(seen).toEqual(['https://tracker.example/s-1']);
    expect([result.current.phase, result.current.left]).toEqual(['waiting', 300]);
    host.page = { go: () => false, drop: vi.fn() };
    await act(() => result.current.openAgain());
    expect(result.current.phase, 'blocked: the link is shown').toBe('not_opened');
  });

  it('ends the one before, and ends when it is left', async () => {
    const { begin, unmount } = mount();
    await begin();
    expect(cancelled()).toEqual([]);
    await begin();
    expect(cancelled()).toEqual(['s-1']);
    unmount();
    expect(cancelled()).toEqual(['s-1', 's-2']);
  });

  it('ends also where the answer comes after it was left', async () => {
    host.held = true;
    const { result } = mount();
    let over: Promise<void> = Promise.resolve();
    act(() => {
      over = result.current.begin(beginning);
    });
    expect([result.current.phase, result.current.held]).toEqual(['beginning', true]);
    act(() => result.current.drop());
    expect(result.current.phase).toBe('ready');
    await act(async () => {
      host.begun.forEach((go) => go());
      await over;
    });
    expect(cancelled()).toEqual(['s-1']);
    expect(host.page?.drop).toHaveBeenCalled();
    expect(result.current.phase).toBe('ready');
  });

  it('is of use with what it was begun with, and with nothing else', async () => {
    const { result, begin, becomes, rerender } = mount();
    await begin();
    await becomes('s-1', { stage: 'done' });
    await waitFor(() => expect(result.current.id).toBe('s-1'));
    rerender({ basis: 'b' });
    expect([result.current.phase, result.current.id, result.current.held]).toEqual(['ready', undefined, true]);
    rerender({ basis: 'a' });
    expect([result.current.phase, result.current.id]).toEqual(['done', 's-1']);
  });

  it('is not ended once it was used', async () => {
    const { result, begin, becomes, unmount } = mount();
    await begin();
    await becomes('s-1', { stage: 'done' });
    act(() => result.current.used());
    unmount();
    expect(cancelled()).toEqual([]);
  });
});
