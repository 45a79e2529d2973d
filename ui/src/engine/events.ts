import type { QueryClient } from '@tanstack/react-query';
import { create } from 'zustand';

import type { AppEvent } from '../bindings/wire';
import { platform, type CommandName, type StreamMessage } from '../platform';
import { readAgain } from './readAgain';

/** Whether the engine answers, and whether it wants another token. */
export const useEngineState = create<{ broken: boolean; refused: boolean }>(() => ({ broken: false, refused: false }));

/** What to read again after an event. */
const TOUCHES: Record<AppEvent['event'], CommandName[]> = {
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
  signals_arrived: ['signal_list', 'signal_search', 'signal_kinds_list', 'connection_list', 'connection_show', 'chain_fields'],
  catalogue_changed: ['catalogue_list', 'connector_show', 'descriptor_list', 'descriptor_text', 'approval_show'],
  chains_changed: ['chain_list', 'chain_export', 'pin_list', 'pin_show'],
  run_changed: ['run_list', 'run_report', 'run_data', 'chain_fields', 'health', 'chain_list'],
  sign_in_changed: ['sign_in_show'],
  webhook_changed: ['webhook_show'],
  gateway_changed: ['gateway_show', 'webhook_show'],
  storage_changed: ['health'],
  secrets_changed: ['secrets_status', 'health', 'connection_list', 'connection_show'],
};

/** Keeps what is shown in step with the engine. A gap in the numbers, or a stream that broke, reads everything again. */
export function followEvents(client: QueryClient): () => void {
  let seen: number | undefined;
  const readAll = () => readAgain(client);
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
    const touched = new Set<CommandName>();
    for (const event of message) {
      if (seen !== undefined && event.seq > seen + 1) readAll();
      seen = event.seq;
      for (const command of TOUCHES[event.event] ?? []) touched.add(command);
    }
    for (const command of touched) readAgain(client, { queryKey: [command] });
  };
  return platform.listen({
    message: take,
    broken: () => useEngineState.setState({ broken: true }),
    refused: () => useEngineState.setState({ refused: true }),
  });
}
