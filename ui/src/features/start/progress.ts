// What of the first steps is done, from what is there.

/** What the first steps are told from. */
export interface Seen {
  /** The connector of each connection. */
  connectors: string[];
  /** Connectors that are pretend tools. */
  sandbox: ReadonlySet<string>;
  /** Chains by identifier. */
  chains: string[];
  /** The chain that the sandbox came with, where it is known. */
  sandboxChain: string | null;
  runs: number;
}

/** The first steps, in their order. */
export const FIRST_STEPS = ['sandbox', 'run', 'connect', 'build'] as const;

/** Which first steps are done. */
export function firstSteps(seen: Seen): Record<(typeof FIRST_STEPS)[number], boolean> {
  const sandbox = seen.connectors.some((id) => seen.sandbox.has(id));
  // Where it is not known which chain came with the sandbox, one of them did.
  const own = seen.sandboxChain === null ? seen.chains.length - (sandbox ? 1 : 0) : seen.chains.filter((id) => id !== seen.sandboxChain).length;
  return { sandbox, run: seen.runs > 0, connect: seen.connectors.some((id) => !seen.sandbox.has(id)), build: own > 0 };
}
