import { t, type WordKey } from '../../lib/words';

/** What is written down, by its name in the trail. */
export const ACTIONS = [
  'call_executed', 'call_failed', 'secret_used', 'auth_failed', 'sign_in_failed',
  'connection_created', 'connection_refused', 'connection_changed', 'connection_renamed', 'connection_paused', 'connection_resumed',
  'connection_tested', 'connection_reconnected', 'connection_key_replaced', 'connection_approved', 'connection_deleted',
  'settings_changed', 'gateway_changed', 'keeping_changed', 'desktop_changed', 'stream_set', 'sync_paused', 'sync_resumed',
  'sync_waits', 'sync_retried', 'sync_page_halved', 'sync_started_over', 'sync_recovered', 'sync_cancelled', 'sync_stopped',
  'job_retried', 'job_dropped',
  'webhook_enabled', 'webhook_disabled', 'webhook_subscribed', 'webhook_renewed', 'webhook_renewal_failed', 'webhook_secret_set', 'webhook_previous_secret_ended', 'webhook_address_changed',
  'secrets_rotated', 'secrets_forgotten', 'data_erased', 'imported', 'exported', 'exported_with_secrets', 'audit_exported',
] as const;

const KNOWN: ReadonlySet<string> = new Set(ACTIONS);

/** What was done, in words. What has none is shown by its name. */
export const actionWord = (action: string): string => (KNOWN.has(action) ? t(`audit.act.${action}` as WordKey) : action.replaceAll('_', ' '));

/** How far back. */
export const SPANS = ['hour', 'day', 'week', 'all'] as const;
export type Span = (typeof SPANS)[number];

const HOURS: Record<Span, number | undefined> = { hour: 1, day: 24, week: 168, all: undefined };

/** When a span begins. */
export function sinceOf(span: Span, now: Date): string | undefined {
  const hours = HOURS[span];
  return hours === undefined ? undefined : new Date(now.getTime() - hours * 3_600_000).toISOString();
}
