import { Button, Kbd, Switch, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { FlaskConical, Plug, Plus, Search, SearchX } from 'lucide-react';
import { memo, useEffect, useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { ConnectionView, ConnectorSummary } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { formatCount, visible } from '../../lib/format';
import { plain } from '../../lib/plain';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { BrandMark } from '../../ui/BrandMark';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { BusyButton } from '../connect/BusyButton';
import { ConnectionMenu } from './ConnectionMenu';
import { Dialogs } from './dialogs';
import { LastWord, NextSync, StatePill } from './Outcome';
import { Trouble } from './Trouble';
import { useDetailTab } from './tabs';
import { placeOf, useTools, type Asked } from './useTools';
import { isTroubled, pauseConnection, troubleOf, useWork } from './work';

/** The connections of the workspace, those in trouble first. */
export function ConnectionList() {
  const [, go] = useLocation();
  const [search, setSearch] = useState('');
  const [asked, setAsked] = useState<Asked>();
  const tools = useTools();
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 });
  const sandbox = useDo('sandbox_start', { touches: ['connection_list', 'chain_list', 'health'] });
  const outcomes = useWork((state) => state.outcome);
  const room = useRoom();
  useMinutes();
  const all = connections.data?.connections;
  const shown = useMemo(() => {
    const words = plain(search).split(/\s+/).filter(Boolean);
    const found = (all ?? []).filter((connection) => {
      const text = plain(`${connection.name} ${connection.account?.label ?? ''} ${tools.get(connection.connector)?.name ?? connection.connector}`);
      return words.every((word) => text.includes(word));
    });
    return found
      .map((connection) => ({ connection, first: isTroubled(connection, outcomes[connection.name]) }))
      .sort((a, b) => Number(b.first) - Number(a.first));
  }, [all, tools, search, outcomes]);
  const sandboxProblem = sandbox.isError ? toProblem(sandbox.error) : undefined;
  return (
    <>
      <Page
        title={t('connections.title')}
        aside={all && all.length > 0 && <span className="figures cn-count">{t('connections.count', { count: connections.data?.total ?? all.length })}</span>}
        actions={
          all &&
          all.length > 0 && (
            <>
              <TextInput
                className="cn-search"
                data-page-search
                type="search"
                aria-label={t('connections.search')}
                placeholder={t('connections.search')}
                leftSection={<Search size={16} aria-hidden />}
                rightSection={search ? undefined : <Kbd size="xs">/</Kbd>}
                rightSectionPointerEvents="none"
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
              />
              <Button variant="filled" leftSection={<Plus size={16} aria-hidden />} onClick={() => go('/catalogue')}>
                {t('connections.connectTool')}
              </Button>
            </>
          )
        }
      >
        {sandboxProblem && <ProblemBlock problem={{ ...sandboxProblem, fix: { label: t('common.tryAgain'), action: 'retry' } }} onFix={() => sandbox.mutate({})} />}
        <Read read={connections} rows={6}>
          {(data) =>
            data.connections.length === 0 ? (
              <Empty icon={Plug} text={t('connections.empty')}>
                <Button variant="filled" onClick={() => go('/catalogue')}>
                  {t('connections.browse')}
                </Button>
                <BusyButton leftSection={<FlaskConical size={16} aria-hidden />} busy={sandbox.isPending} onClick={() => sandbox.mutate({})}>
                  {t('connections.trySandbox')}
                </BusyButton>
              </Empty>
            ) : shown.length === 0 ? (
              <Empty icon={SearchX} text={t('common.nothingMatches', { text: search })}>
                <Button onClick={() => setSearch('')}>{t('common.clearFilters')}</Button>
              </Empty>
            ) : (
              <div className="table-frame cn-frame">
                <table className="table cn-table">
                  <thead>
                    <tr>
                      <th scope="col">{t('connections.column.connection')}</th>
                      <th scope="col" className="cn-state-column">
                        {t('connections.column.state')}
                      </th>
                      {room > 0 && (
                        <>
                          <th scope="col" className="cn-last">
                            {t('connections.column.last')}
                          </th>
                          <th scope="col" className="cn-next">
                            {t('connections.column.next')}
                          </th>
                          <th scope="col" className="number cn-signals">
                            {t('connections.column.signals')}
                          </th>
                        </>
                      )}
                      {room > 1 && (
                        <th scope="col" className="number cn-calls">
                          {t('connections.column.calls')}
                        </th>
                      )}
                      <th scope="col" className="cn-switch">
                        {t('connections.column.on')}
                      </th>
                      <th scope="col" className="cn-menu">
                        <span className="out-of-sight">{t('connections.column.menu')}</span>
                      </th>
                    </tr>
                  </thead>
                  {shown.map(({ connection }) => (
                    <Rows key={connection.id} connection={connection} tool={tools.get(connection.connector)} onAsk={setAsked} go={go} room={room} />
                  ))}
                </table>
              </div>
            )
          }
        </Read>
      </Page>
      <Dialogs asked={asked} tool={asked && tools.get(asked.connection.connector)} onClose={() => setAsked(undefined)} />
    </>
  );
}

/** How many of the lesser columns there is room for: none, some, all. */
type Room = 0 | 1 | 2;
const LESSER: Record<Room, number> = { 0: 0, 1: 3, 2: 4 };

function useRoom(): Room {
  const some = useMediaQuery('(min-width: 701px)', true, { getInitialValueInEffect: false });
  const all = useMediaQuery('(min-width: 1021px)', true, { getInitialValueInEffect: false });
  return all ? 2 : some ? 1 : 0;
}

/** "3 min ago" stays true. */
function useMinutes() {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
}

interface RowProps {
  connection: ConnectionView;
  tool: ConnectorSummary | undefined;
  onAsk: (asked: Asked) => void;
  go: (place: string) => void;
  room: Room;
}

/** A connection's row, and below it what is wrong. */
const Rows = memo(function Rows({ connection, tool, onAsk, go, room }: RowProps) {
  const outcome = useWork((state) => state.outcome[connection.name]);
  const trouble = troubleOf(connection, outcome);
  const name = visible(connection.name);
  const place = placeOf(connection.name);
  const about = connection.account ? visible(connection.account.label) : visible(tool?.name ?? connection.connector);
  return (
    <tbody data-testid="connection">
      <tr
        className={trouble ? 'opens cn-troubled' : 'opens'}
        onClick={(event) => {
          if (event.target instanceof Element && !event.target.closest('a, button, label, input, [role=menu]')) go(place);
        }}
      >
        <td className="cn-name">
          <span className="cn-who">
            <BrandMark icon={tool?.icon} name={visible(tool?.name ?? connection.connector)} size={28} />
            <span className="cn-words">
              <span className="cn-first">
                <Link className="cn-link cut" href={place} title={name}>
                  {name}
                </Link>
                {tool?.sandbox && <span className="tag">{t('common.sandbox')}</span>}
              </span>
              <span className="meta cut" title={about}>
                {about}
              </span>
            </span>
          </span>
        </td>
        <td>
          <StatePill connection={connection} />
        </td>
        {room > 0 && (
          <>
            <td>
              <LastWord connection={connection} />
            </td>
            <td>
              <NextSync connection={connection} />
            </td>
            <td className="number">{formatCount(connection.signals)}</td>
          </>
        )}
        {room > 1 && (
          <td className="number">
            {formatCount(connection.callsOk)}
            {connection.callsFailed > 0 && <span className="cn-failed">{t('connections.failedCalls', { count: connection.callsFailed })}</span>}
          </td>
        )}
        <td>
          <Switch
            size="sm"
            aria-label={t('connections.onName', { name })}
            checked={!connection.paused}
            onChange={(event) => void pauseConnection(connection.name, !event.currentTarget.checked)}
          />
        </td>
        <td className="cn-menu">
          <ConnectionMenu connection={connection} tool={tool} onAsk={onAsk} />
        </td>
      </tr>
      {trouble && (
        <tr className="cn-trouble">
          <td colSpan={4 + LESSER[room]}>
            <Trouble
              connection={connection}
              problem={trouble}
              onAsk={onAsk}
              onSetUp={() => {
                useDetailTab.setState({ tab: 'setUp' });
                go(place);
              }}
            />
          </td>
        </tr>
      )}
    </tbody>
  );
});
