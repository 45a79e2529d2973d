import type { ReactNode } from 'react';

import type { HealthDetail, SubscriptionHealth } from '../../bindings/wire';
import { formatAgo, formatCount, formatMoment, formatMsOr, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { HEALTH, Mark } from '../../ui/states';
import { gapWords } from '../connections/gaps';
import { Circuit } from './marks';

/** What is known of it, in figures. */
export function Facts({ detail }: { detail: HealthDetail }) {
  const last = [...detail.points].reverse().find((point) => point.p95Ms !== null)?.p95Ms ?? null;
  const worst = detail.hosts.find((host) => host.circuit === 'open') ?? detail.hosts.find((host) => host.circuit === 'half_open');
  const windows = detail.hosts.flatMap((host) => host.windows.map((window) => ({ host: host.host, ...window })));
  const held = detail.hosts.map((host) => host.heldUntil).find((until) => until !== null);
  const ago = (at: string | null) => (at ? <time dateTime={at} title={formatMoment(at)}>{formatAgo(at)}</time> : t('health.panel.never'));
  return (
    <section aria-labelledby="hl-facts">
      <h3 id="hl-facts">{t('health.panel.facts')}</h3>
      <dl className="facts hl-facts">
        <Fact word="health.panel.circuit">
          <Circuit row={{ circuit: worst?.circuit ?? 'closed', nextTryAt: worst?.nextTryAt ?? null, circuitWhy: detail.circuitWhy }} />
          {detail.circuitWhy && <div className="meta">{visible(detail.circuitWhy)}</div>}
        </Fact>
        <Fact word="health.panel.p95">
          {last === null ? t('health.panel.none') : detail.usualP95Ms === null ? t('health.panel.notUsual', { now: formatMsOr(last) }) : t('health.panel.usual', { now: formatMsOr(last), usual: formatMsOr(detail.usualP95Ms) })}
        </Fact>
        <Fact word="health.panel.lastSeen">{ago(detail.lastSeenAt)}</Fact>
        <Fact word="health.panel.lastSync">{ago(detail.lastSyncAt)}</Fact>
        <Fact word="health.panel.failedChecks">{formatCount(detail.failedChecks)}</Fact>
        <Fact word="health.panel.limitHits">
          {t('health.panel.times', { count: detail.limitHits })}
          {held && <div className="meta">{t('health.panel.held', { time: formatMoment(held) })}</div>}
        </Fact>
        <Fact word="health.panel.pace">
          {windows.length === 0
            ? t('health.panel.noPace')
            : windows.map((window) => (
                <div key={`${window.host} ${window.calls} ${window.seconds}`} title={visible(window.host)}>
                  {t('health.panel.window', { left: window.left, most: window.most, calls: window.calls, seconds: window.seconds })}
                </div>
              ))}
        </Fact>
        {detail.tokenEndsAt && <Fact word="health.panel.tokenEnds">{formatMoment(detail.tokenEndsAt)}</Fact>}
        {detail.subscription && (
          <Fact word="health.panel.subscription">
            <Subscription subscription={detail.subscription} now={new Date()} />
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ word, children }: { word: WordKey; children: ReactNode }) {
  return (
    <>
      <dt>{t(word)}</dt>
      <dd className="figures">{children}</dd>
    </>
  );
}

/** Until when a tool sends by itself, and whether it is asked to go on. */
function Subscription({ subscription, now }: { subscription: SubscriptionHealth; now: Date }) {
  const { endsAt, renewedFrom, problem } = subscription;
  if (endsAt === null) return <>{t('health.panel.subscribedOn')}</>;
  const ended = new Date(endsAt) <= now;
  return (
    <>
      <span className={ended || problem ? 'hl-bad' : undefined}>{formatMoment(endsAt)}</span>
      <div className="meta">
        {ended && `${t('health.panel.subscriptionEnded')}. `}
        {problem ? t('health.panel.renewFailed', { why: visible(problem.title) }) : renewedFrom ? t('health.panel.renews', { when: formatMoment(renewedFrom) }) : t('health.panel.renewsNot')}
      </div>
    </>
  );
}

/** Times from which something may be missing. */
export function Gaps({ detail }: { detail: HealthDetail }) {
  if (detail.gaps.length === 0) return null;
  const closed = detail.gaps.some((gap) => gap.reason === 'closed');
  return (
    <section aria-labelledby="hl-gaps" className="hl-gaps" data-testid="gaps">
      <h3 id="hl-gaps">{t('health.panel.gaps')}</h3>
      <p className="meta">{t(closed ? 'health.panel.gapsAbout' : 'health.panel.gapsAboutOther')}</p>
      <ul>
        {detail.gaps.slice(0, 10).map((gap) => (
          <li key={`${gap.stream} ${gap.from}`} className="figures">
            {gapWords(gap)}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How it was before. */
export function Timeline({ detail }: { detail: HealthDetail }) {
  return (
    <section aria-labelledby="hl-timeline">
      <h3 id="hl-timeline">{t('health.panel.timeline')}</h3>
      {detail.changes.length === 0 ? (
        <p className="meta">{t('health.panel.noTimeline')}</p>
      ) : (
        <ol className="hl-timeline">
          {detail.changes.map((change) => (
            <li key={change.at}>
              <Mark look={HEALTH[change.state]} size={14} />
              <div>
                <div>{t(HEALTH[change.state].word)}</div>
                {change.reasons[0] && <div className="meta">{visible(change.reasons.join('; '))}</div>}
              </div>
              <time className="meta figures" dateTime={change.at}>
                {formatMoment(change.at)}
              </time>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
