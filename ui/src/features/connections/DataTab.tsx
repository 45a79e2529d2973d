import { ChevronRight, Radio, RefreshCw } from 'lucide-react';
import { useState } from 'react';

import type { ConnectionView, ConnectorSummary, Signal } from '../../bindings/wire';
import { useRead } from '../../engine';
import { formatCount, formatMoment, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { Empty } from '../../ui/Empty';
import { Read } from '../../ui/Read';
import { MASK } from '../chains/data/private';
import { BusyButton } from '../../ui/BusyButton';
import { useShown, type Pieces } from '../connect/privates';
import { SignalPair, typeName } from '../connect/SignalPair';
import { PRIORITY } from '../../ui/priorities';
import { useNoReach } from '../../ui/reach';
import { syncConnection, useWork } from './work';

const SHOWN = 20;

/** The newest signals, each raw beside normalised. */
export function DataTab({ connection, tool }: { connection: ConnectionView; tool: ConnectorSummary | undefined }) {
  const read = useRead('signal_list', { connection: connection.name, limit: SHOWN });
  const busy = useWork((state) => state.busy[connection.name]);
  const noReach = useNoReach(connection.origins);
  const nothing = tool?.streams.length === 0;
  return (
    <div className="cn-tab">
      <Read read={read} rows={6} shape="signals">
        {({ signals }) =>
          signals.length === 0 ? (
            <Empty icon={Radio} text={t(nothing ? 'connections.data.emptyNothing' : 'connections.data.empty')}>
              {!nothing && (
                <BusyButton
                  leftSection={<RefreshCw size={16} aria-hidden />}
                  busy={busy === 'sync'}
                  disabled={connection.paused}
                  why={noReach}
                  onClick={() => void syncConnection(connection.name)}
                >
                  {t('connections.menu.sync')}
                </BusyButton>
              )}
            </Empty>
          ) : (
            <>
              <p className="meta">
                {t('connections.data.shown', { count: signals.length })}
                {connection.signals > signals.length && ` ${t('connections.data.of', { total: formatCount(connection.signals) })}`}
              </p>
              <ul className="cn-signals-list">
                {signals.map((signal, index) => (
                  <SignalRow key={`${signal.stream} ${signal.externalId} ${signal.version}`} signal={signal} first={index === 0} />
                ))}
              </ul>
            </>
          )
        }
      </Read>
    </div>
  );
}

function SignalRow({ signal, first }: { signal: Signal; first: boolean }) {
  const [open, setOpen] = useState(first);
  // The line above the details says no more than they do.
  const shown = useShown(signal, signal.raw);
  const said = (pieces: Pieces | undefined) => pieces?.map(visible).join(MASK) ?? '';
  const [summary, people] = [said(shown?.summary), said(shown?.people)];
  return (
    <li>
      <button type="button" className="cn-signal" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight size={16} aria-hidden className={open ? 'cn-turn open' : 'cn-turn'} />
        <span className="cn-signal-words">
          <span className="cut cn-summary" title={summary}>
            {summary}
          </span>
          <span className="meta cut">{[typeName(signal.signalType), people].filter(Boolean).join(' · ')}</span>
        </span>
        {signal.priority && <span className={`pill ${PRIORITY[signal.priority]}`}>{t(`connect.priority.${signal.priority}`)}</span>}
        <time className="meta figures cn-when" dateTime={signal.timestamp}>
          {formatMoment(signal.timestamp)}
        </time>
      </button>
      {open && <SignalPair raw={signal.raw} connector={signal.connector} signal={signal} />}
    </li>
  );
}
