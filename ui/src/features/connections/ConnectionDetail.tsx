import { Switch, Tabs } from '@mantine/core';
import { ArrowLeft, RefreshCw, Stethoscope } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { ConnectionView } from '../../bindings/wire';
import { useRead } from '../../engine';
import { formatCount, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { useShortcuts } from '../../shell/shortcuts';
import { BrandMark } from '../../ui/BrandMark';
import { Page } from '../../ui/Page';
import { Read } from '../../ui/Read';
import { useNoReach } from '../../ui/reach';
import { BusyButton } from '../../ui/BusyButton';
import { ConnectionMenu } from './ConnectionMenu';
import { DataTab } from './DataTab';
import { Dialogs } from './dialogs';
import { HistoryTab } from './HistoryTab';
import { OutcomeWord, StatePill } from './Outcome';
import { OverviewTab } from './OverviewTab';
import { SetUpTab } from './SetUpTab';
import { useDetailTab, type DetailTab } from './tabs';
import { placeOf, useTools, type Asked } from './useTools';
import { pauseConnection, syncConnection, testConnection, useWork } from './work';

const TABS: DetailTab[] = ['overview', 'data', 'setUp', 'history'];

const ASKS: Record<string, Asked['what']> = { 'sign-in': 'replaceKey', rename: 'rename', disconnect: 'disconnect' };

/** One connection: how it is, what it brought, how it is set up. */
export function ConnectionDetail({ name, ask }: { name: string; ask: string | undefined }) {
  const [, go] = useLocation();
  const [asked, setAsked] = useState<Asked>();
  const tab = useDetailTab((state) => state.tab);
  const tools = useTools();
  const read = useRead('connection_show', { name });
  const busy = useWork((state) => state.busy[name]);
  const connection = read.data;
  const tool = connection && tools.get(connection.connector);
  const noReach = useNoReach(connection?.origins);
  const open = asked !== undefined;
  // An address can ask for a dialog; once it is there the address is that of the connection again.
  useEffect(() => {
    if (ask === undefined || connection === undefined) return;
    const what = ASKS[ask];
    if (what) setAsked({ what, connection });
    go(placeOf(name), { replace: true });
  }, [ask, connection, go, name]);
  const back = (event?: KeyboardEvent) => {
    // Esc closes a dialog or menu first, and leaves a form alone.
    const within = event?.target instanceof Element && event.target.closest('[role=dialog],[role=alertdialog],[role=menu],[role=listbox]');
    if (!within && tab !== 'setUp') go('/connections');
  };
  useShortcuts({ 'Ctrl+Enter': () => noReach === undefined && void testConnection(name), Escape: back }, connection !== undefined && !open);
  useEffect(() => () => useDetailTab.setState({ tab: 'overview' }), []);
  return (
    <>
      <Page
        title={visible(name)}
        aside={
          connection && (
            <span className="cn-state">
              <StatePill connection={connection} />
            </span>
          )
        }
        actions={
          connection && (
            <>
              <Switch
                className="cn-on"
                size="sm"
                label={t('connections.column.on')}
                checked={!connection.paused}
                onChange={(event) => void pauseConnection(name, !event.currentTarget.checked)}
              />
              {tool && tool.streams.length > 0 && (
                <BusyButton
                  className="cn-sync"
                  leftSection={<RefreshCw size={16} aria-hidden />}
                  busy={busy === 'sync'}
                  disabled={connection.paused}
                  why={noReach}
                  onClick={() => void syncConnection(name)}
                >
                  {t('connections.menu.sync')}
                </BusyButton>
              )}
              <BusyButton variant="filled" leftSection={<Stethoscope size={16} aria-hidden />} busy={busy === 'test'} why={noReach} onClick={() => void testConnection(name)}>
                {t('connections.menu.test')}
              </BusyButton>
              <ConnectionMenu connection={connection} tool={tool} onAsk={setAsked} />
            </>
          )
        }
      >
        <div className="cn-page">
          <Link href="/connections" className="cn-back">
            <ArrowLeft size={14} aria-hidden />
            {t('connections.back')}
          </Link>
          <Read read={read} shape="detail">
            {(shown) => (
              <>
                <Heading connection={shown} tool={tool?.name} icon={tool?.icon} sandbox={tool?.sandbox ?? false} />
                <Tabs value={tab} onChange={(value) => useDetailTab.setState({ tab: TABS.find((one) => one === value) ?? 'overview' })}>
                  <Tabs.List>
                    {TABS.map((one) => (
                      <Tabs.Tab key={one} value={one}>
                        {t(`connections.tab.${one}`)}
                        {one === 'data' && shown.signals > 0 && <span className="cn-tab-count">{formatCount(shown.signals)}</span>}
                      </Tabs.Tab>
                    ))}
                  </Tabs.List>
                  <Tabs.Panel value="overview">
                    <OverviewTab connection={shown} tool={tool} onAsk={setAsked} onSetUp={() => useDetailTab.setState({ tab: 'setUp' })} />
                  </Tabs.Panel>
                  <Tabs.Panel value="data">
                    <DataTab connection={shown} tool={tool} />
                  </Tabs.Panel>
                  <Tabs.Panel value="setUp">
                    <SetUpTab key={shown.id} connection={shown} />
                  </Tabs.Panel>
                  <Tabs.Panel value="history">{tab === 'history' && <HistoryTab connection={shown} />}</Tabs.Panel>
                </Tabs>
              </>
            )}
          </Read>
        </div>
      </Page>
      <Dialogs
        asked={asked}
        tool={tool}
        onClose={() => setAsked(undefined)}
        onRenamed={(renamed) => go(placeOf(renamed), { replace: true })}
        onGone={() => go('/connections')}
      />
    </>
  );
}

interface HeadingProps {
  connection: ConnectionView;
  tool: string | undefined;
  icon: string | null | undefined;
  sandbox: boolean;
}

function Heading({ connection, tool, icon, sandbox }: HeadingProps) {
  const toolName = visible(tool ?? connection.connector);
  const outcome = useWork((state) => state.outcome[connection.name]);
  return (
    <div className="cn-heading">
      <BrandMark icon={icon} name={toolName} />
      <div className="cn-words">
        <span className="cn-first">
          <span className="cut cn-tool">{toolName}</span>
          {sandbox && <span className="tag">{t('common.sandbox')}</span>}
        </span>
        {connection.account && <span className="meta cut">{visible(connection.account.label)}</span>}
      </div>
      <span className="cn-heading-end">
        <OutcomeWord outcome={outcome} />
      </span>
    </div>
  );
}
