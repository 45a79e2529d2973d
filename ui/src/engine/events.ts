import type { QueryClient } from '@tanstack/react-query';
import { create } from 'zustand';

import type { AppEvent } from '../bindings/wire';
import { platform, type CommandName, type StreamMessage } from '../platform';
import { pacer, type Wanted, type Whose } from './pace';
import { readAgain } from './readAgain';

/** Whether the engine answers, and whether it wants another token. */
export const useEngineState = create<{ broken: boolean; refused: boolean }>(() => ({ broken: false, refused: false }));

/** What to read again after an event. */
const TOUCHES: Record<AppEvent['event'], Wanted[]> = {
  sync_changed: ['connection_streams', 'connection_list', 'connection_show', 'connection_history', 'queue_stats', 'job_list'],
  jobs_changed: ['job_list', 'queue_stats', 'engine_settings_show', 'health_overview'],
  connection_changed: [
    'connection_list',
    'connection_show',
    'connection_streams',
    'connection_history',
    'engine_settings_show',
    'keeping_show',
    'queue_stats',
    'health',
    'health_overview',
    'health_detail',
    'secrets_status',
    'approval_show',
  ],
  health_changed: ['health', 'health_overview', 'health_detail'],
  health_checked: ['health_overview'],
  noticed: [],
  signals_changed: ['signal_search', 'signal_show', 'signal_kinds_list'],
  signals_arrived: ['signal_list', 'signals_newest', 'signal_kinds_list', 'connection_list', 'connection_show', 'chain_fields'],
  catalogue_changed: ['catalogue_list', 'connector_show', 'descriptor_list', 'descriptor_text', 'approval_show'],
  chains_changed: ['chain_list', 'chain_export', 'pin_list', 'pin_show'],
  // As it goes on; what its turns touch is below.
  run_changed: ['run_list', 'run_report', 'run_data'],
  sign_in_changed: ['sign_in_show'],
  webhook_changed: ['webhook_show'],
  gateway_changed: ['gateway_show', 'webhook_show'],
  storage_changed: ['health'],
  network_changed: ['network_show', 'about_show', 'health'],
  secrets_changed: ['secrets_status', 'health', 'connection_list', 'connection_show'],
};

/** What changes when a run begins, ends or waits, and not with each of its facts. */
const TURNS: CommandName[] = ['chain_list', 'chain_fields', 'health'];
/** What is asked of one run. */
const OF_RUN = new Set<Wanted>(['run_report', 'run_data']);
/** So many runs that go on are told apart. */
const KNOWN_RUNS = 10_000;

/** Whether a query asks for another run than these. */
function isOther(key: readonly unknown[], whose: Whose): boolean {
  if (whose === 'all') return false;
  const named = key.slice(2).map((part) => (typeof part === 'object' && part !== null && 'run' in part ? part.run : part));
  const run = named.find((part) => typeof part === 'string' && [...whose].some((own) => own.length === part.length));
  // A name that is no whole identifier may be any run.
  return run !== undefined && !whose.has(String(run));
}

/** Keeps what is shown in step with the engine. A gap in the numbers, or a stream that broke, reads everything again. */
export function followEvents(client: QueryClient): () => void {
  let seen: number | undefined;
  const readAll = () => readAgain(client);
  const ask = pacer((command, whose) => readAgain(client, { queryKey: [command], ...(whose === 'all' ? {} : { predicate: (query) => !isOther(query.queryKey, whose) }) }));
  const states = new Map<string, string>();
  const turned = (event: AppEvent): boolean => {
    if (event.event !== 'run_changed' || states.get(event.id) === event.state) return false;
    if (states.size >= KNOWN_RUNS) states.clear();
    states.set(event.id, event.state);
    return true;
  };
  const take = (message: StreamMessage) => {
    if (useEngineState.getState().broken) {
      useEngineState.setState({ broken: false });
      readAll();
    }
    if (!Array.isArray(message)) {
      // Also at the very first: what happened between the first read and this was told to nobody.
      if ('lost' in message || seen !== message.seq) readAll();
      seen = message.seq;
      return;
    }
    const touched = new Map<Wanted, Whose>();
    for (const event of message) {
      if (seen !== undefined && event.seq > seen + 1) readAll();
      seen = event.seq;
      for (const command of TOUCHES[event.event] ?? []) {
        const runs = touched.get(command) ?? new Set<string>();
        touched.set(command, event.event === 'run_changed' && OF_RUN.has(command) && runs !== 'all' ? runs.add(event.id) : 'all');
      }
      if (turned(event)) for (const command of TURNS) touched.set(command, 'all');
    }
    for (const [command, whose] of touched) ask(command, whose);
  };
  return platform.listen({
    message: take,
    broken: () => useEngineState.setState({ broken: true }),
    refused: () => useEngineState.setState({ refused: true }),
  });
}
