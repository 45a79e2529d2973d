import { Button, FileButton, TextInput } from '@mantine/core';
import { Play, Plus, Search, Upload, Workflow } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { ChainSummary, JsonValue } from '../../bindings/wire';
import { send, useDo, useRead } from '../../engine';
import { formatAgo, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { ProblemError, toProblem } from '../../platform';
import { BrandMark } from '../../ui/BrandMark';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { Pill, RUN } from '../../ui/states';
import './chains.css';
import { useTools } from './useTools';

/** Every chain: its tools, how it last went, and Run. */
export default function ChainsPage() {
  const [, go] = useLocation();
  const [text, setText] = useState('');
  const [refused, setRefused] = useState<unknown>();
  const chains = useRead('chain_list', {});
  const sandbox = useDo('sandbox_start', { touches: ['chain_list', 'connection_list', 'health'], onSuccess: ({ chain }) => go(`/chains/${chain}/try`) });
  const count = chains.data?.chains.length ?? 0;
  return (
    <Page
      title={t('chains.title')}
      aside={count > 0 && <span className="figures">{count}</span>}
      actions={
        <>
          {count > 0 && (
            <TextInput
              className="page-search"
              data-page-search
              leftSection={<Search size={16} aria-hidden />}
              placeholder={t('chains.search')}
              aria-label={t('chains.search')}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
          <Import onDone={(id) => go(`/chains/${id}`)} onProblem={setRefused} />
          <Button variant="filled" leftSection={<Plus size={16} />} onClick={() => go('/chains/new')}>
            {t('chains.new')}
          </Button>
        </>
      }
    >
      {refused !== undefined && <ProblemBlock problem={toProblem(refused)} onFix={() => setRefused(undefined)} />}
      {sandbox.isError && <ProblemBlock problem={toProblem(sandbox.error)} onFix={() => sandbox.mutate({})} />}
      <Read read={chains}>
        {(data) =>
          data.chains.length === 0 ? (
            <Empty icon={Workflow} text={t('chains.empty')}>
              <Button variant="filled" loading={sandbox.isPending} onClick={() => sandbox.mutate({})}>
                {t('chains.trySandbox')}
              </Button>
              <Button onClick={() => go('/catalogue')}>{t('chains.browse')}</Button>
            </Empty>
          ) : (
            <Table chains={data.chains} text={text} onClear={() => setText('')} />
          )
        }
      </Read>
    </Page>
  );
}

/** Takes a chain from a file: what `Export` or the command line wrote. */
function Import({ onDone, onProblem }: { onDone: (id: string) => void; onProblem: (problem: unknown) => void }) {
  const take = async (file: File | null) => {
    if (!file) return;
    try {
      const chain = parse(await file.text(), file.name);
      onDone((await send('chain_import', { chain, file: file.name })).id);
    } catch (error) {
      onProblem(error);
    }
  };
  return (
    <FileButton accept="application/json,.json" onChange={(file) => void take(file)}>
      {(props) => (
        <Button {...props} leftSection={<Upload size={16} />}>
          {t('chains.import')}
        </Button>
      )}
    </FileButton>
  );
}

function parse(text: string, file: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new ProblemError({
      code: 'INPUT_INVALID',
      title: t('chains.notJson', { file }),
      hint: t('chains.notJsonHint'),
      detail: error instanceof Error ? error.message : null,
    });
  }
}

function Table({ chains, text, onClear }: { chains: ChainSummary[]; text: string; onClear: () => void }) {
  const [, go] = useLocation();
  const tools = useTools();
  const shown = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return chains.filter((chain) => `${chain.name} ${chain.steps.join(' ')}`.toLowerCase().includes(wanted));
  }, [chains, text]);
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
              <td>{chain.lastRun ? <><Pill look={RUN[chain.lastRun]} /> <span className="meta">{chain.lastRunAt && formatAgo(chain.lastRunAt)} {chain.ended > 1 && t('chains.endedWell', { well: chain.endedWell, of: chain.ended })}</span></> : <span className="meta">{t('chains.neverRan')}</span>}</td>
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
