import { useCallback, useEffect, useRef, useState } from 'react';

import type { Account, Problem, SignInBeginRequest, SignInView } from '../../../bindings/wire';
import { send, useRead } from '../../../engine';
import { platform, toProblem } from '../../../platform';
import { isUnderWay, NOTHING, phaseOf, secondsLeft, type Accepted, type Phase } from './phase';

/** How often a waiting sign-in is looked at: its clock, and what was refused in its place. */
const LOOK_MS = 2_000;

/** A sign-in that was begun. */
interface Held {
  view: SignInView;
  /** What it was begun with: it is of no use with anything else. */
  basis: string;
  opened: boolean;
  at: number;
}

/** How to begin. */
export interface Beginning {
  request: Omit<SignInBeginRequest, 'noBrowser'>;
  /** Whether a page opens at once. */
  opens: boolean;
}

/** A sign-in as the wizard holds it. */
export interface SignIn {
  phase: Phase;
  view: SignInView | undefined;
  problem: Problem | undefined;
  /** Seconds until nobody is waited for any more. */
  left: number;
  /** What can be used to connect. */
  id: string | undefined;
  /** Something is held in the engine, or asked of it. */
  held: boolean;
  begin: (beginning: Beginning) => Promise<void>;
  openAgain: () => Promise<void>;
  extend: () => Promise<void>;
  /** Lets it go to the addresses that it brought. */
  approve: () => Promise<void>;
  /** Lets go of it, in the engine too. */
  drop: () => void;
  accept: (what: Partial<Accepted>) => void;
  /** What came of using it. */
  refuse: (problem: Problem) => void;
  /** It was used: there is nothing to let go of. */
  used: () => void;
  accepted: Accepted;
}

const cancel = (id: string): void => void send('sign_in_cancel', { id }).catch(() => undefined);

/** Signs in, once at a time: a second attempt ends the first, and leaving ends it too. */
export function useSignIn(basis: string, owner: Account | null | undefined): SignIn {
  const [held, setHeld] = useState<Held>();
  const [asking, setAsking] = useState(false);
  const [refused, setRefused] = useState<{ problem: Problem; basis: string }>();
  const [accepted, setAccepted] = useState<Accepted>(NOTHING);
  const run = useRef(0);
  const current = useRef<string>(undefined);
  const [ended, setEnded] = useState<string>();
  const id = held?.view.id;
  const read = useRead('sign_in_show', { id: id ?? '' }, { enabled: id !== undefined, every: ended === id ? 0 : LOOK_MS });
  const fresh = read.data?.id === id ? read.data : undefined;
  const view = fresh ?? held?.view;
  if (view && (view.stage === 'done' || view.stage === 'failed') && ended !== view.id) setEnded(view.id);

  const hold = useCallback((next: Held | undefined) => {
    if (current.current !== undefined && current.current !== next?.view.id) cancel(current.current);
    current.current = next?.view.id;
    setHeld(next);
    setAccepted(NOTHING);
    setRefused(undefined);
  }, []);
  const drop = useCallback(() => {
    run.current += 1;
    setAsking(false);
    hold(undefined);
  }, [hold]);
  useEffect(
    () => () => {
      run.current += 1;
      if (current.current !== undefined) cancel(current.current);
    },
    [],
  );

  const begin = async ({ request, opens }: Beginning) => {
    // Only a click may open a page, and the address is known later.
    const page = opens ? platform.reservePage?.() : undefined;
    hold(undefined);
    run.current += 1;
    const mine = run.current;
    setAsking(true);
    try {
      const begun = await send('sign_in_begin', { ...request, noBrowser: !opens || page !== undefined });
      if (mine !== run.current) {
        page?.drop();
        return cancel(begun.id);
      }
      const shown = page && begun.url ? page.go(begun.url) : begun.opened;
      if (!begun.url) page?.drop();
      // The link that was asked for; where it may not be put there, it is shown.
      if (begun.url && !opens && !begun.userCode) await navigator.clipboard?.writeText(begun.url).catch(() => undefined);
      hold({ view: begun, basis, opened: shown, at: Date.now() });
    } catch (error) {
      page?.drop();
      if (mine === run.current) setRefused({ problem: toProblem(error), basis });
    }
    if (mine === run.current) setAsking(false);
  };
  const openAgain = async () => {
    if (!held || !view?.url) return;
    const page = platform.reservePage?.();
    let opened = false;
    if (page) opened = page.go(view.url);
    else {
      try {
        opened = (await send('sign_in_open', { id: held.view.id })).opened;
      } catch {
        // Said by the link that is shown in its place.
      }
    }
    setHeld((old) => (old?.view.id === held.view.id ? { ...old, opened } : old));
  };
  const extend = async () => {
    if (!held) return;
    await send('sign_in_extend', { id: held.view.id }).catch(() => undefined);
    await read.refetch();
  };

  const approve = async () => {
    if (!held || !view) return;
    // Where it leads elsewhere by now, what is shown next says so.
    await send('sign_in_approve', { id: held.view.id, origins: view.brought }).catch(() => undefined);
    await read.refetch();
  };

  // One that was begun with something else is kept, and is of use again when that comes back.
  const fits = held !== undefined && held.basis === basis;
  const lost = read.isError && toProblem(read.error).code === 'SIGN_IN_INTERRUPTED' ? toProblem(read.error) : undefined;
  const problem = (refused?.basis === basis ? refused.problem : undefined) ?? (fits ? (lost ?? view?.problem ?? undefined) : undefined);
  const shown = fits && !lost ? view : undefined;
  const phase = phaseOf({ asking, view: shown, problem, opened: held?.opened ?? false, owner, accepted });
  const readAt = fresh ? read.dataUpdatedAt : (held?.at ?? 0);
  const now = useNow(isUnderWay(phase) && shown !== undefined);
  return {
    phase,
    view: shown,
    problem,
    left: shown ? secondsLeft(shown.secondsLeft, readAt, now) : 0,
    id: shown?.stage === 'done' ? shown.id : undefined,
    held: asking || (held !== undefined && view?.stage !== 'failed' && !lost),
    begin,
    openAgain,
    extend,
    approve,
    drop,
    accept: (what) => {
      setRefused(undefined);
      setAccepted((old) => ({ ...old, ...what }));
    },
    refuse: (why) => setRefused({ problem: why, basis }),
    used: () => {
      current.current = undefined;
    },
    accepted,
  };
}

/** The time in milliseconds, each second anew while somebody looks. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!ticking) return;
    const tick = () => setNow(Date.now());
    tick();
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
