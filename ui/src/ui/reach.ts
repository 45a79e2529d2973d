import { useNetwork } from '@mantine/hooks';

import { t } from '../lib/words';

const HOSTS = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether everything that a connection calls is on this computer. One that calls nothing is here too. */
export function isHere(origins: string[]): boolean {
  return origins.every((origin) => {
    try {
      const url = new URL(origin);
      return url.protocol === 'file:' || HOSTS.test(url.hostname);
    } catch {
      return false;
    }
  });
}

/** Why a service cannot be asked now, in words; none where it can. `origins` are what would be called. */
export function useNoReach(origins: string[] | undefined): string | undefined {
  const { online } = useNetwork();
  return online || origins === undefined || isHere(origins) ? undefined : t('shell.offlineAction');
}
