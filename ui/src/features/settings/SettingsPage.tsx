import '../connections/connections.css';
import './settings.css';

import { Button, TextInput } from '@mantine/core';
import { Search, SearchX } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';

import { useRead } from '../../engine';
import { t } from '../../lib/words';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { Read } from '../../ui/Read';
import { RowSearch, SettingsPart } from '../../ui/Row';
import { AboutRows } from './AboutPart';
import { AppearanceRows } from './AppearancePart';
import { DataPart } from './DataPart';
import { EnginePart } from './EnginePart';
import { DesktopRows } from './DesktopPart';
import { GatewayPart } from './GatewayPart';
import { NetworkRows } from './NetworkPart';
import { NoticesPart } from './NoticesPart';
import { SandboxRows } from './SandboxPart';
import { SECTIONS } from './sections';
import { SecurityPart } from './SecurityPart';
import { ShortcutsRows } from './ShortcutsPart';
import { WorkspacesRows } from './WorkspacesPart';

/** By then every part has its height. */
const SETTLED_MS = 3_000;

/** What the user decides, for the whole data folder. */
export default function SettingsPage({ params }: { params: { what?: string } }) {
  const { what } = params;
  const status = useRead('secrets_status', {});
  const gateway = useRead('gateway_show', {});
  const [search, setSearch] = useState('');
  const ready = status.data !== undefined && gateway.data !== undefined;
  // An address of a part goes to it, once everything above it has its height.
  useEffect(() => {
    if (what === undefined || !ready) return;
    const part = document.getElementById(`st-${what}`);
    if (!part) return;
    const there = () => part.scrollIntoView({ block: 'start' });
    there();
    part.focus({ preventScroll: true });
    // Parts above it fill a moment later, and not every web view keeps the place. Not against the user's own scrolling.
    const grows = new ResizeObserver(there);
    const frame = part.parentElement;
    if (frame) grows.observe(frame);
    const stop = () => grows.disconnect();
    const timer = setTimeout(stop, SETTLED_MS);
    const own = ['wheel', 'pointerdown', 'keydown'] as const;
    for (const event of own) addEventListener(event, stop, { once: true });
    return () => {
      stop();
      clearTimeout(timer);
      for (const event of own) removeEventListener(event, stop);
    };
  }, [what, ready]);
  return (
    <Page
      title={t('settings.title')}
      actions={
        <TextInput
          className="cn-search"
          data-page-search
          type="search"
          aria-label={t('settings.search')}
          placeholder={t('settings.search')}
          leftSection={<Search size={16} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      }
    >
      <div className="st-frame">
        <nav className="st-nav" aria-label={t('settings.parts')}>
          {SECTIONS.map(({ id, word, icon: Icon }) => (
            <Link key={id} href={`/settings/${id}`} className={id === what ? 'side-item current' : 'side-item'} aria-current={id === what ? 'location' : undefined} onClick={() => setSearch('')}>
              <Icon size={16} aria-hidden />
              <span className="cut">{t(word)}</span>
            </Link>
          ))}
        </nav>
        <RowSearch value={search.trim()}>
          <div className={search.trim() ? 'st-page searching' : 'st-page'}>
            <SettingsPart id="general" title={t('settings.general.title')} also="appearance">
              <AppearanceRows />
              <DesktopRows />
            </SettingsPart>
            <SettingsPart id="workspaces" title={t('settings.workspaces.title')} about={t('settings.workspaces.about')}>
              <WorkspacesRows />
            </SettingsPart>
            <NoticesPart />
            <Read read={gateway} rows={3} shape="part">{(data) => <GatewayPart gateway={data} />}</Read>
            <Read read={status} rows={4} shape="part">{(data) => <SecurityPart status={data} what={what} />}</Read>
            <DataPart what={what} />
            <SettingsPart id="network" title={t('settings.network.title')} about={t('settings.network.about')} also="tls root company firewall">
              <NetworkRows />
            </SettingsPart>
            <SettingsPart id="sandbox" title={t('settings.sandbox.title')} about={t('settings.sandbox.about')} also="pretend try break">
              <SandboxRows />
            </SettingsPart>
            <EnginePart />
            <SettingsPart id="shortcuts" title={t('settings.shortcuts.title')}>
              <ShortcutsRows />
            </SettingsPart>
            <SettingsPart id="about" title={t('settings.about.title')}>
              <AboutRows what={what} />
            </SettingsPart>
            <div className="st-none">
              <Empty icon={SearchX} text={t('common.nothingMatches', { text: search })}>
                <Button onClick={() => setSearch('')}>{t('common.clearFilters')}</Button>
              </Empty>
            </div>
          </div>
        </RowSearch>
      </div>
    </Page>
  );
}
