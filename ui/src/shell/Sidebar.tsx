import { Kbd } from '@mantine/core';
import { Loader, Search } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { Link, useLocation } from 'wouter';

import { useRead } from '../engine';
import { useWorkspaces } from '../features/settings/workspaces';
import { t } from '../lib/words';
import { PAGES } from './pages';
import { usePreferences } from './preferences';
import { written } from './shortcuts';

const Checklist = lazy(() => import('../features/start/Checklist').then((module) => ({ default: module.Checklist })));

const WorkspaceSwitch = lazy(() => import('./WorkspaceSwitch'));

/** The pages. Counts appear only for what needs attention. */
export function Sidebar({ onSearch }: { onSearch: () => void }) {
  const [location] = useLocation();
  const narrow = usePreferences((state) => state.narrow);
  const health = useRead('health', {});
  const workspaces = useWorkspaces();
  const attention = health.data?.connections.filter((c) => c.state === 'error' || c.state === 'stale').length ?? 0;
  const marks: Record<string, React.ReactNode> = {
    '/connections': attention > 0 && <span className="side-count">{attention}</span>,
    '/health': health.data && health.data.attention > 0 && (
      <span className="side-count" aria-label={t('shell.needAttention', { count: health.data.attention })}>
        {health.data.attention}
      </span>
    ),
    '/runs': health.data?.runsNeedYou ? (
      <span className="side-count" aria-label={t('shell.needYou', { count: health.data.runsNeedYou })}>
        {health.data.runsNeedYou}
      </span>
    ) : health.data?.runsActive ? (
      <Loader size={14} className="turning mark run" role="img" aria-label={t('shell.running', { count: health.data.runsActive })} />
    ) : null,
  };
  return (
    <nav className={narrow ? 'side narrow' : 'side'} aria-label={t('shell.navigation')} data-region>
      <div className="side-brand">
        <img src="/icon.svg" alt="" width={24} height={24} />
        <span className="side-word">Patchbay</span>
      </div>
      {workspaces.length > 1 && (
        <Suspense>
          <WorkspaceSwitch workspaces={workspaces} />
        </Suspense>
      )}
      <button type="button" className="side-item" onClick={onSearch}>
        <Search size={16} aria-hidden />
        <span className="side-word">{t('shell.search')}</span>
        <Kbd className="side-word side-key" size="xs" aria-hidden>
          {written('Ctrl K')}
        </Kbd>
      </button>
      <div className="side-gap" />
      {PAGES.map(({ path, word, icon: Icon }) => {
        const current = location === path || location.startsWith(`${path}/`);
        return (
          <Link key={path} href={path} title={narrow ? t(word) : undefined} className={current ? 'side-item current' : 'side-item'} aria-current={current ? 'page' : undefined}>
            <Icon size={16} aria-hidden />
            <span className="side-word">{t(word)}</span>
            {marks[path]}
          </Link>
        );
      })}
      {!narrow && (
        <div className="side-foot">
          <Suspense>
            <Checklist />
          </Suspense>
        </div>
      )}
    </nav>
  );
}
