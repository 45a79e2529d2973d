import { Switch } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { memo } from 'react';
import { Link, useLocation } from 'wouter';

import type { ConnectionView, ConnectorSummary } from '../../bindings/wire';
import { formatCount, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { ConnectionMenu } from './ConnectionMenu';
import { LastWord, NextSync, StatePill } from './Outcome';
import { useDetailTab } from './tabs';
import { Trouble } from './Trouble';
import { placeOf, type Asked } from './useTools';
import { pauseConnection, troubleOf, useWork } from './work';

/** How many of the lesser columns there is room for: none, the last sync, all but the calls, all. */
type Room = 0 | 1 | 2 | 3;
const LESSER: Record<Room, number> = { 0: 0, 1: 1, 2: 3, 3: 4 };

function useRoom(): Room {
  const last = useMediaQuery('(min-width: 701px)', true, { getInitialValueInEffect: false });
  const most = useMediaQuery('(min-width: 921px)', true, { getInitialValueInEffect: false });
  const all = useMediaQuery('(min-width: 1021px)', true, { getInitialValueInEffect: false });
  return all ? 3 : most ? 2 : last ? 1 : 0;
}

interface TableProps {
  shown: ConnectionView[];
  tools: Map<string, ConnectorSummary>;
  onAsk: (asked: Asked) => void;
}

/** Connections, with as many columns as there is room for. */
export function ConnectionTable({ shown, tools, onAsk }: TableProps) {
  const [, go] = useLocation();
  const room = useRoom();
  return (
    <div className="table-frame cn-frame">
      <table className="table cn-table">
        <thead>
          <tr>
            <th scope="col">{t('connections.column.connection')}</th>
            <th scope="col" className="cn-state-column">
              {t('connections.column.state')}
            </th>
            {room > 0 && (
              <th scope="col" className="cn-last">
                {t('connections.column.last')}
              </th>
            )}
            {room > 1 && (
              <>
                <th scope="col" className="cn-next">
                  {t('connections.column.next')}
                </th>
                <th scope="col" className="number cn-signals">
                  {t('connections.column.signals')}
                </th>
              </>
            )}
            {room > 2 && (
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
        {shown.map((connection) => (
          <Rows key={connection.id} connection={connection} tool={tools.get(connection.connector)} onAsk={onAsk} go={go} room={room} />
        ))}
      </table>
    </div>
  );
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
          <td>
            <LastWord connection={connection} />
          </td>
        )}
        {room > 1 && (
          <>
            <td>
              <NextSync connection={connection} />
            </td>
            <td className="number" title={t('connections.signalsKept', { count: connection.signals, n: formatCount(connection.signals) })}>
              {formatCount(connection.signalsDay)}
            </td>
          </>
        )}
        {room > 2 && (
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
