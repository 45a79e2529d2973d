import type { HealthOverview } from '../../bindings/wire';
import { formatAgo } from '../../lib/format';
import { t } from '../../lib/words';
import { HEALTH, Pill } from '../../ui/states';
import { useNow } from '../../ui/useNow';
import { counted, countStates } from './figures';

/** Counts by state, and when it was checked; the page says where what it shows is old. */
export function Counts({ data }: { data: HealthOverview }) {
  const now = useNow(1_000);
  const { rows, apart } = counted(data.connections);
  const count = countStates(rows);
  const rest = [
    count.no_recent_data > 0 && t('health.count.quiet', { count: count.no_recent_data }),
    t('health.count.healthy', { count: count.healthy }),
    count.paused > 0 && t('health.count.paused', { count: count.paused }),
    apart > 0 && t('health.count.apart', { count: apart }),
    data.checkedAt ? t('health.checked', { ago: formatAgo(data.checkedAt, now) }) : t('health.neverChecked'),
  ];
  return (
    <>
      {count.error > 0 && <Pill look={HEALTH.error} text={t('health.count.error', { count: count.error })} />}
      {count.degraded > 0 && <Pill look={HEALTH.degraded} text={t('health.count.degraded', { count: count.degraded })} />}
      <span className="figures cut hl-rest">{rest.filter(Boolean).join(' · ')}</span>
    </>
  );
}
