// What a page holds and has not kept yet, told to the window before it goes.

/** Work that would be lost with the page. */
export interface Held {
  /** What of it is not kept, by the names people gave; empty where all is. */
  names(): string[];
  /** Keeps it if that can be done; ends in any case. Absent where it was tried already. */
  keep?(): Promise<unknown>;
}

/** How far keeping is. */
export interface Leaving {
  /** Something is still being kept. */
  busy: boolean;
  /** Names of what is not kept so far. */
  left: string[];
}

const all = new Set<Held>();
let round = { id: -1, busy: false };

/** Holds on to work until the returned function is called. */
export function hold(work: Held): () => void {
  all.add(work);
  return () => all.delete(work);
}

/** Begins to keep what is held, once for each `id`, and tells how far that is. */
export function leaving(id: number): Leaving {
  if (round.id !== id) {
    const own = { id, busy: true };
    round = own;
    const open = [...all].filter((work) => work.names().length > 0);
    void Promise.allSettled(open.map(async (work) => work.keep?.())).then(() => {
      own.busy = false;
    });
  }
  return { busy: round.busy, left: [...all].flatMap((work) => work.names()) };
}
