import type { Commands, Problem, Update } from '../bindings/wire';

/** The name of a command. */
export type CommandName = keyof Commands;
/** What a command takes. */
export type Request<C extends CommandName> = Commands[C]['request'];
/** What a command gives. */
export type Response<C extends CommandName> = Commands[C]['response'];

/** A message of the event stream: where it begins, events, or that some were lost. */
export type StreamMessage = Update;

/** What a transport tells whoever listens. */
export interface Listener {
  /** A message came. */
  message(message: StreamMessage): void;
  /** The engine does not answer any more. The transport goes on trying. */
  broken(): void;
  /** The engine answers and wants another token. The transport has given up. */
  refused(): void;
}

/** A page that a click opened, and that gets its address later. */
export interface ReservedPage {
  /** Goes to an address; tells whether anybody sees it. */
  go(url: string): boolean;
  /** Closes it again. */
  drop(): void;
}

/** The host behind the interface. */
export interface Platform {
  /** In a window of our own, or in a browser. */
  readonly kind: 'window' | 'browser';
  /** Sends a command; fails with a `ProblemError`. */
  call<C extends CommandName>(workspace: string, command: C, request: Request<C>): Promise<Response<C>>;
  /** Listens to events until the returned function is called. */
  listen(listener: Listener): () => void;
  /** Opens a page in the system's browser. */
  openUrl(url: string): Promise<void>;
  /** Opens an empty page during a click: later a browser would block it. Absent where the engine opens pages. */
  reservePage?(): ReservedPage;
  /** Saves a file where the user wants it; gives its name, none where the user declined. */
  saveFile(name: string, type: string, text: string): Promise<string | undefined>;
  /** Lets the user choose a folder; none where the user declined. Absent where there is no dialog for it. */
  pickFolder?(title: string): Promise<string | undefined>;
  /** Whether the host wants a token that it has not got. */
  needsToken(): boolean;
  /** Gives the host its token. */
  setToken(token: string): void;
}

/** A problem as an error, so that it can be thrown. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.title}. ${problem.hint}`);
    this.name = 'ProblemError';
  }
}

/** Any failure as a problem: an engine that is gone has words of its own. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return {
    code: 'INTERNAL',
    title: 'Patchbay does not answer',
    hint: 'Its engine has ended or is starting. Your data is safe; we try again every second.',
    fix: { label: 'Try again', action: 'retry' },
    detail: error instanceof Error ? error.message : String(error),
  };
}
