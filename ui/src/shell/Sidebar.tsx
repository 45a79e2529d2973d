import { Kbd } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { Loader, Search } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { Link, useLocation } from 'wouter';

import type { HealthResponse } from '../bindings/wire';
import { useRead } from '../engine';
import { useWorkspaces } from '../features/settings/workspaces';
import { ErrorBoundary } from '../ui/ErrorBoundary';
import { t } from '../lib/words';
import { PAGES } from './pages';
import { usePreferences } from './preferences';
import { written } from './shortcuts';

const Checklist = lazy(() => import('../features/start/Checklist').then((module) => ({ default: module.Checklist })));

const WorkspaceSwitch = lazy(() => import('./WorkspaceSwitch'));

/** The pages. Counts appear only for what needs attention. */
export function Sidebar({ onSearch }: { onSearch: () => void }) {
  const [location] = useLocation();
  const chosen = usePreferences((state) => state.narrow);
  const small = useMediaQuery('(max-width: 1080px)', false, { getInitialValueInEffect: false });
  // Where only icons are seen, each says what it is.
  const rail = chosen || small;
  return (
    <nav className={chosen ? 'side narrow' : 'side'} aria-label={t('shell.navigation')} data-region>
      <div className="side-brand">
        <img src="/icon.svg" alt="" width={24} height={24} />
        <span className="side-word">Patchbay</span>
      </div>
      {/* What is told beside the pages may break; the way to them may not. */}
      <ErrorBoundary key={`workspaces ${location}`} instead={null}>
        <Workspaces rail={rail} />
      </ErrorBoundary>
      <button type="button" className="side-item" title={rail ? `${t('shell.search')} (${written('Ctrl K')})` : undefined} onClick={onSearch}>
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
          <Link key={path} href={path} title={rail ? t(word) : undefined} className={current ? 'side-item current' : 'side-item'} aria-current={current ? 'page' : undefined}>
            <Icon size={16} aria-hidden />
            <span className="side-word">{t(word)}</span>
            <ErrorBoundary key={location} instead={null}>
              <Mark path={path} />
            </ErrorBoundary>
          </Link>
        );
      })}
      {!chosen && (
        <div className="side-foot">
          <ErrorBoundary key={`steps ${location}`} instead={null}>
            <Suspense>
              <Checklist />
            </Suspense>
          </ErrorBoundary>
        </div>
      )}
    </nav>
  );
}

function Workspaces({ rail }: { rail: boolean }) {
  const workspaces = useWorkspaces();
  return workspaces.length > 1 ? (
    <Suspense>
      <WorkspaceSwitch workspaces={workspaces} rail={rail} />
    </Suspense>
  ) : null;
}

/** What of a page needs somebody. */
function Mark({ path }: { path: string }) {
  const health = useRead('health', {}).data;
  if (!health) return null;
  switch (path) {
    case '/connections': {
      const failing = health.connections.filter((c) => c.state === 'error' || c.state === 'stale');
      return <Attention of={failing.length} sandbox={failing.filter((c) => c.sandbox).length} health={health} />;
    }
    case '/health':
      return <Attention of={health.attention} sandbox={health.attentionSandbox} health={health} />;
    case '/runs':
      if (health.runsNeedYou > 0) return <Count of={health.runsNeedYou} label={t('shell.needYou', { count: health.runsNeedYou })} />;
      return health.runsActive > 0 ? <Loader size={14} className="turning mark run" role="img" aria-label={t('shell.running', { count: health.runsActive })} /> : null;
    default:
      return null;
  }
}

/** How many connections need somebody. Beside the user's own those of the sandbox only count where nothing else does, and are called that. */
function Attention({ of, sandbox, health }: { of: number; sandbox: number; health: HealthResponse }) {
  const own = of - sandbox;
  const alone = health.connections.every((connection) => connection.sandbox);
  if (alone || own > 0) return <Count of={alone ? of : own} label={t('shell.needAttention', { count: alone ? of : own })} />;
  return <Count of={sandbox} label={t('shell.sandboxNeedsAttention', { count: sandbox })} apart />;
}

function Count({ of, label, apart = false }: { of: number; label: string; apart?: boolean }) {
  return of > 0 ? (
    <span className={apart ? 'side-count apart' : 'side-count'} aria-label={label} title={label}>
      {of}
    </span>
  ) : null;
}
