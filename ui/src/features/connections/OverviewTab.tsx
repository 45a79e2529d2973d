import { Button } from '@mantine/core';
import { Workflow } from 'lucide-react';
import { Link, useLocation } from 'wouter';

import type { ConnectionView, ConnectorSummary } from '../../bindings/wire';
import { useRead } from '../../engine';
import { formatAgo, formatCount, formatMoment, formatPercent, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { Read } from '../../ui/Read';
import { Approve } from './Approve';
import { Granted } from './Granted';
import { Entries } from './HistoryTab';
import { useDetailTab } from './tabs';
import { Trouble } from './Trouble';
import type { Asked } from './useTools';
import { shownState, troubleOf, useWork } from './work';

interface Props {
  connection: ConnectionView;
  tool: ConnectorSummary | undefined;
  onAsk: (asked: Asked) => void;
  onSetUp: () => void;
}

/** How it is, in a sentence and in figures; what went wrong last; which chains use it. */
export function OverviewTab({ connection, tool, onAsk, onSetUp }: Props) {
  const busy = useWork((state) => state.busy[connection.name]);
  const outcome = useWork((state) => state.outcome[connection.name]);
  const trouble = troubleOf(connection, outcome) ?? connection.lastError ?? undefined;
  const { callsOk, callsFailed, lastTestedAt, lastConnectedAt } = connection;
  const calls = callsOk + callsFailed;
  const age = useRead('secrets_status', {}).data?.secrets.find((one) => one.connection === connection.name);
  const method = tool?.auth.find((one) => one.id === connection.auth);
  return (
    <div className="cn-tab">
      <p className="cn-sentence">{sentence(connection, shownState(connection, busy))}</p>
      {connection.auth !== null && <Approve name={connection.name} />}
      {trouble && <Trouble connection={connection} problem={trouble} onAsk={onAsk} onSetUp={onSetUp} alert />}
      <div className="cn-figures">
        <Figure word="connections.figure.signals" value={formatCount(connection.signalsDay)} under={t('connections.figure.kept', { n: formatCount(connection.signals) })} />
        <Figure word="connections.figure.callsOk" value={formatCount(callsOk)} under={calls > 0 ? t('connections.figure.share', { share: formatPercent(callsOk / calls) }) : ''} />
        <Figure word="connections.figure.callsFailed" value={formatCount(callsFailed)} bad={callsFailed > 0} under={calls > 0 ? t('connections.figure.share', { share: formatPercent(callsFailed / calls) }) : ''} />
        <Figure
          word="connections.figure.lastTested"
          value={lastTestedAt ? formatAgo(lastTestedAt) : t('connections.figure.none')}
          under={lastConnectedAt ? t('connections.figure.lastConnected', { ago: formatAgo(lastConnectedAt) }) : ''}
        />
      </div>
      <div className="cn-columns">
        <section className="card">
          <h3>{t('connections.facts')}</h3>
          <dl className="facts">
            <dt>{t('connections.fact.connector')}</dt>
            <dd>
              <Link href={`/catalogue/${connection.connector}`} className="cn-link">
                {visible(tool?.name ?? connection.connector)}
              </Link>
            </dd>
            {connection.account && (
              <>
                <dt>{t('connections.fact.account')}</dt>
                <dd>{visible(connection.account.label)}</dd>
              </>
            )}
            {method && (
              <>
                <dt>{t('connections.fact.signIn')}</dt>
                <dd>{visible(method.label)}</dd>
              </>
            )}
            {connection.scopes.length > 0 && (
              <>
                <dt>{t('connections.fact.granted')}</dt>
                <dd>
                  <Granted connection={connection} />
                </dd>
              </>
            )}
            <dt>{t('connections.fact.definition')}</dt>
            <dd className="figures">{visible(connection.connectorVersion)}</dd>
            {age && (
              <>
                <dt>{t('connections.fact.keySet')}</dt>
                <dd data-testid="key-age">
                  {formatAgo(age.setAt)}
                  {age.old && <div className="cn-old">{t('connections.keyOld', { days: age.days })}</div>}
                </dd>
              </>
            )}
            <dt>{t('connections.fact.made')}</dt>
            <dd>{formatMoment(connection.createdAt)}</dd>
          </dl>
        </section>
        <Chains name={connection.name} />
      </div>
      <Recent name={connection.name} />
    </div>
  );
}

function sentence(connection: ConnectionView, state: ReturnType<typeof shownState>): string {
  switch (state) {
    case 'connected':
      return t('connections.sentence.connected', { ago: connection.lastConnectedAt ? formatAgo(connection.lastConnectedAt) : '' });
    case 'active':
    case 'disconnected':
    case 'error':
    case 'stale':
    case 'paused':
      return t(`connections.sentence.${state}`);
    default:
      return t('connections.sentence.testing');
  }
}

function Figure({ word, value, under, bad }: { word: WordKey; value: string; under?: string; bad?: boolean }) {
  return (
    <div className="card cn-figure">
      <div className="meta">{t(word)}</div>
      <div className={bad ? 'cn-value figures bad' : 'cn-value figures'}>{value}</div>
      <div className="meta figures">{under}</div>
    </div>
  );
}

/** Events that the overview shows. */
const RECENT = 5;

/** What happened last: the beginning of its history. */
function Recent({ name }: { name: string }) {
  const read = useRead('connection_history', { name });
  return (
    <section className="card" aria-label={t('connections.recent')}>
      <h3>{t('connections.recent')}</h3>
      <Read read={read} rows={3}>
        {({ entries }) => (
          <>
            <Entries entries={entries.slice(0, RECENT)} />
            {entries.length > RECENT && (
              <div className="row cn-more">
                <Button size="xs" h={30} px={10} onClick={() => useDetailTab.setState({ tab: 'history' })}>
                  {t('connections.allHistory')}
                </Button>
              </div>
            )}
          </>
        )}
      </Read>
    </section>
  );
}

/** The chains with a step on this connection. */
function Chains({ name }: { name: string }) {
  const [, go] = useLocation();
  const chains = useRead('chain_list', {});
  return (
    <section className="card">
      <h3>{t('connections.chains')}</h3>
      <Read read={chains} rows={2}>
        {(data) => {
          const using = data.chains.filter((chain) => chain.connections.includes(name));
          return using.length === 0 ? (
            <p className="meta">{t('connections.noChains')}</p>
          ) : (
            <ul className="cn-chains">
              {using.map((chain) => (
                <li key={chain.id}>
                  <Workflow size={14} aria-hidden />
                  <Link href={`/chains/${chain.id}`} className="cn-link cut" title={visible(chain.name)}>
                    {visible(chain.name)}
                  </Link>
                </li>
              ))}
            </ul>
          );
        }}
      </Read>
      <div className="row cn-more">
        <Button size="xs" h={30} px={10} onClick={() => go('/chains/new')}>
          {t('connections.useInChain')}
        </Button>
      </div>
    </section>
  );
}
