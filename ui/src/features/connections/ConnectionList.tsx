import { Button, Kbd, TextInput } from '@mantine/core';
import { FlaskConical, Plug, Plus, Search, SearchX } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useLocation } from 'wouter';

import { useRead } from '../../engine';
import { plain } from '../../lib/plain';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { BusyButton } from '../../ui/BusyButton';
import { useSandbox } from '../start/sandbox';
import { ConnectionTable } from './ConnectionTable';
import { Dialogs } from './dialogs';
import { useTools, type Asked } from './useTools';
import { useConnectionsView } from './view';
import { isTroubled, useWork } from './work';

/** The connections of the workspace, those in trouble first. */
export function ConnectionList() {
  const [, go] = useLocation();
  const search = useConnectionsView((state) => state.text);
  const setSearch = (text: string) => useConnectionsView.setState({ text, top: 0 });
  const [asked, setAsked] = useState<Asked>();
  const tools = useTools();
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 });
  const sandbox = useSandbox('stay');
  const outcomes = useWork((state) => state.outcome);
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
      .sort((a, b) => Number(b.first) - Number(a.first))
      .map(({ connection }) => connection);
  }, [all, tools, search, outcomes]);
  const sandboxProblem = sandbox.isError ? toProblem(sandbox.error) : undefined;
  return (
    <>
      <Page
        title={t('connections.title')}
        view={useConnectionsView}
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
        <Read read={connections} rows={6} shape="table">
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
              <ConnectionTable shown={shown} tools={tools} onAsk={setAsked} />
            )
          }
        </Read>
      </Page>
      <Dialogs asked={asked} tool={asked && tools.get(asked.connection.connector)} onClose={() => setAsked(undefined)} />
    </>
  );
}

/** "3 min ago" stays true. */
function useMinutes() {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
}
