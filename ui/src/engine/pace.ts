import type { CommandName } from '../platform';

/** Nothing is read again more often than this, however many events come: nobody reads faster. */
export const PACE_MS = 250;
/** What costs more, to read or to draw: lists, data, sums over everything. */
export const SLOW_MS = 1_000;

/** What is read again: by command, or the newest page of the inbox alone. */
export type Wanted = CommandName | 'signals_newest';

const SLOW = new Set<Wanted>([
  'signals_newest',
  'run_list',
  'run_data',
  'chain_list',
  'chain_fields',
  'health',
  'health_overview',
  'health_detail',
  'signal_list',
  'signal_search',
  'signal_kinds_list',
  'queue_stats',
  'job_list',
]);

/** Whose reads: those of these runs, or all. */
export type Whose = Set<string> | 'all';

/**
 * Reads at once what was not read for a while, and else when its time has come: once, for everything that
 * was asked for meanwhile.
 */
export function pacer(read: (command: Wanted, whose: Whose) => void) {
  const resting = new Map<Wanted, Whose | undefined>();
  const ask = (command: Wanted, whose: Whose) => {
    if (resting.has(command)) {
      resting.set(command, joined(resting.get(command), whose));
      return;
    }
    resting.set(command, undefined);
    setTimeout(
      () => {
        const asked = resting.get(command);
        resting.delete(command);
        if (asked !== undefined) ask(command, asked);
      },
      SLOW.has(command) ? SLOW_MS : PACE_MS,
    );
    read(command, whose);
  };
  return ask;
}

function joined(one: Whose | undefined, other: Whose): Whose {
  if (one === undefined) return other;
  return one === 'all' || other === 'all' ? 'all' : new Set([...one, ...other]);
}
