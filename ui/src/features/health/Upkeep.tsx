import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

import type { HealthOverview } from '../../bindings/wire';
import { DASH, formatAgo, formatBytes, formatCount, formatMoment } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { share } from './figures';

/** The place of work that was given up. */
export const GIVEN_UP = '/health/jobs/given-up';

/** How the work behind the connections is: what waits, what was given up, the disk, how connecting goes. */
export function Upkeep({ data, now }: { data: HealthOverview; now: Date }) {
  const waiting = data.queues.reduce((sum, queue) => sum + queue.depth, 0);
  const given = data.queues.reduce((sum, queue) => sum + queue.dead, 0);
  const oldest = data.queues.map((queue) => queue.oldest).filter((at): at is string => at !== null).sort()[0];
  const { connects, disk } = data;
  return (
    <section className="card hl-upkeep" aria-labelledby="hl-upkeep" data-testid="upkeep">
      <h2 id="hl-upkeep" className="hl-chart-title">
        {t('health.upkeep.title')}
      </h2>
      <dl className="hl-upkeep-list">
        <Part word="health.upkeep.waiting" testid="waiting">
          {formatCount(waiting)}
          {oldest && (
            <time className="meta" dateTime={oldest} title={formatMoment(oldest)}>
              {t('health.upkeep.oldest', { ago: formatAgo(oldest, now) })}
            </time>
          )}
        </Part>
        <Part word="health.upkeep.givenUp" testid="given-up">
          {formatCount(given)}
          <Link href={GIVEN_UP} className="hl-link">
            {t(given > 0 ? 'health.upkeep.look' : 'health.upkeep.list')}
            <ArrowRight size={12} aria-hidden />
          </Link>
        </Part>
        <Part word="health.upkeep.disk" testid="disk">
          {formatBytes(disk.total)}
          <span className="meta">{t('health.upkeep.database', { size: formatBytes(disk.database) })}</span>
        </Part>
        <Part word="health.upkeep.connects" testid="connects">
          {connects.made === 0 ? DASH : (share(connects.atFirst, connects.made) ?? DASH)}
          <span className="meta">
            {connects.made === 0 ? t('health.upkeep.noConnects') : t('health.upkeep.connectsOf', { at: formatCount(connects.atFirst), made: formatCount(connects.made) })}
          </span>
        </Part>
      </dl>
    </section>
  );
}

function Part({ word, testid, children }: { word: WordKey; testid: string; children: ReactNode }) {
  return (
    <div data-testid={`upkeep-${testid}`}>
      <dt className="meta">{t(word)}</dt>
      <dd className="figures">{children}</dd>
    </div>
  );
}
