import { Button } from '@mantine/core';
import { Play, Search } from 'lucide-react';
import { useMemo } from 'react';
import { Link, useLocation } from 'wouter';

import type { ChainSummary } from '../../bindings/wire';
import { formatAgo, visible } from '../../lib/format';
import { plain } from '../../lib/plain';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { Empty } from '../../ui/Empty';
import { Pill, RUN } from '../../ui/states';
import { useTools } from './useTools';

/** Every chain: its tools, how it last went, and Run. */
export function ChainsTable({ chains, text, onClear }: { chains: ChainSummary[]; text: string; onClear: () => void }) {
  const [, go] = useLocation();
  const tools = useTools();
  const shown = useMemo(() => {
    const words = plain(text).split(/\s+/).filter(Boolean);
    return chains.filter((chain) => {
      const connectors = chain.connections.map((name) => tools.of({ connection: name, operation: '' }).connector?.summary.name ?? '');
      const all = plain([chain.name, ...chain.steps, ...chain.connections, ...connectors].join(' '));
      return words.every((word) => all.includes(word));
    });
  }, [chains, text, tools]);
  if (shown.length === 0) {
    return (
      <Empty icon={Search} text={t('common.nothingMatches', { text })}>
        <Button onClick={onClear}>{t('common.clearFilters')}</Button>
      </Empty>
    );
  }
  return (
    <div className="table-frame">
      <table className="table">
        <thead>
          <tr>
            <th>{t('chains.name')}</th>
            <th className="drop-1">{t('chains.steps')}</th>
            <th>{t('chains.lastRun')}</th>
            <th className="drop-2">{t('chains.starts')}</th>
            <th aria-label={t('chains.run')} />
          </tr>
        </thead>
        <tbody>
          {shown.map((chain) => (
            <tr key={chain.id} className="opens" onClick={() => go(`/chains/${chain.id}`)}>
              <td className="chain-name">
                <Link href={`/chains/${chain.id}`} className="link-button cut" onClick={(event: React.MouseEvent) => event.stopPropagation()}>
                  {visible(chain.name)}
                </Link>
              </td>
              <td className="drop-1">
                <span className="strip" aria-label={chain.steps.join(', ')} role="img">
                  {chain.connections.filter(Boolean).slice(0, 8).map((name, index) => {
                    const connection = tools.connections.find((c) => c.name === name);
                    const connector = connection && tools.connectors.get(connection.connector);
                    return <BrandMark key={index} icon={connector?.summary.icon} name={connector?.summary.name ?? name} size={26} />;
                  })}
                  {chain.connections.length > 8 && <span className="meta">+{chain.connections.length - 8}</span>}
                </span>
              </td>
              <td>{chain.lastRun ? <><Pill look={RUN[chain.lastRun]} /> <span className="meta">{[chain.lastRunAt && formatAgo(chain.lastRunAt), chain.ended > 1 && t('chains.endedWell', { well: chain.endedWell, of: chain.ended })].filter(Boolean).join(' · ')}</span></> : <span className="meta">{t('chains.neverRan')}</span>}</td>
              <td className="drop-2 meta">
                {chain.trigger.type === 'manual' ? t('chains.start.kinds.manual') : visible(chain.starts)}
                {chain.trigger.type !== 'manual' && <span className={chain.on ? 'pill ok' : 'pill'}>{t(chain.on ? 'chains.start.on' : 'chains.start.off')}</span>}
              </td>
              <td className="number">
                <Button
                  size="xs"
                  leftSection={<Play size={14} />}
                  onClick={(event) => {
                    event.stopPropagation();
                    go(`/chains/${chain.id}/run`);
                  }}
                  aria-label={`${t('chains.run')}: ${chain.name}`}
                >
                  {t('chains.run')}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
