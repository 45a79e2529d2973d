import type { SecretsStatus } from '../bindings/wire';
import { useRead } from '../engine';

/** How the secret store is, where it has to be unlocked or does not answer. */
export function useLocked(): SecretsStatus | undefined {
  const first = useRead('secrets_status', {}).data;
  // Where nothing is kept, nothing is locked away.
  const waits = first?.state === 'locked' || (first?.state === 'unavailable' && first.secrets.length > 0);
  // A keyring is unlocked elsewhere, and nobody tells us.
  const status = useRead('secrets_status', {}, waits && first.store === 'keyring' ? { every: 5_000 } : {}).data;
  return waits ? status : undefined;
}
