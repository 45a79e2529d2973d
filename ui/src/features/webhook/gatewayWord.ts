import type { GatewayView } from '../../bindings/wire';
import { t } from '../../lib/words';

/** How the gateway is, in a few words. */
export function gatewayWord(gateway: GatewayView): string {
  if (gateway.listening !== null) return t('webhook.listens', { at: gateway.listening });
  return t(gateway.enabled && gateway.problem === null ? 'webhook.waits' : 'webhook.off');
}
