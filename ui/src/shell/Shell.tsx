import { Button } from '@mantine/core';
import { useNetwork } from '@mantine/hooks';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';

import { followEvents, queryClient, useEngineState } from '../engine';
import { t } from '../lib/words';
import { Empty } from '../ui/Empty';
import { UnsavedBanner } from '../features/chains/UnsavedBanner';
import { ErrorBoundary } from '../ui/ErrorBoundary';
import { ToastHost } from '../ui/toasts/ToastHost';
import { Unplug, WifiOff } from 'lucide-react';
import { NetworkBanner } from './NetworkBanner';
import { PAGES } from './pages';
import { usePreferences } from './preferences';
import { usePresence } from './usePresence';
import { focusSearch, useFormsBySubmitKey, useShortcuts } from './shortcuts';
import { Sidebar } from './Sidebar';
import { StatusBar } from './StatusBar';
import { useTypedEarly } from '../ui/useTypedEarly';
import { useLocked } from './useLocked';
import { useZoom } from './useZoom';

const TokenPage = lazy(() => import('./TokenPage'));
const fetchPalette = () => import('./palette/Palette');
const Palette = lazy(fetchPalette);
const Shortcuts = lazy(() => import('./Shortcuts'));
const StartPage = lazy(() => import('../features/start/StartPage'));
const CataloguePage = lazy(() => import('../features/catalogue/CataloguePage'));
const AuthoringPage = lazy(() => import('../features/authoring/AuthoringPage'));
const ConnectionsPage = lazy(() => import('../features/connections/ConnectionsPage'));
const ChainsPage = lazy(() => import('../features/chains/ChainsPage'));
const ChainPage = lazy(() => import('../features/chains/ChainPage'));
const RunsPage = lazy(() => import('../features/runs/RunsPage'));
const RunPage = lazy(() => import('../features/runs/RunPage'));
const InboxPage = lazy(() => import('../features/inbox/InboxPage'));
const HealthPage = lazy(() => import('../features/health/HealthPage'));
const GivenUpPage = lazy(() => import('../features/health/GivenUpPage'));
const SettingsPage = lazy(() => import('../features/settings/SettingsPage'));
const AuditPage = lazy(() => import('../features/audit/AuditPage'));
const LockBanner = lazy(() => import('./LockBanner'));

const LAST = 'patchbay-last-place';

/** The frame around every page. */
export function Shell() {
  const [location, go] = useLocation();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const closePalette = useCallback(() => setPalette(false), []);
  const early = useTypedEarly('.palette-field input', palette, closePalette);
  const { begun, narrow, set } = usePreferences();
  const { broken, refused } = useEngineState();
  const { online } = useNetwork();
  const locked = useLocked();
  const showHelp = useCallback(() => setHelp(true), []);
  usePresence();
  useFormsBySubmitKey();
  useZoom();
  useEffect(() => followEvents(queryClient), []);
  useEffect(() => {
    // Who presses Ctrl K types at once: the palette is fetched while nothing else is to be done.
    const timer = setTimeout(() => void fetchPalette().catch(() => undefined), 1_500);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    // What was asked for once, a run or a callout, is not asked for again by a restart.
    if (location !== '/') localStorage.setItem(LAST, location.replace(/\/(run|try|start|sign-in|rename|disconnect|export|import|diagnostics|passphrase|change|keyring|forget|erase)$/, ''));
  }, [location]);
  const pages = Object.fromEntries(PAGES.map((page, index) => [`Ctrl+${index + 1}`, () => go(page.path)]));
  useShortcuts({
    'Ctrl+k': () => setPalette(true),
    'Ctrl+b': () => set({ narrow: !narrow }),
    'Ctrl+n': () => go(location.startsWith('/catalogue') ? '/catalogue/new' : '/chains/new'),
    'Ctrl+f': focusSearch,
    '/': focusSearch,
    'Ctrl+,': () => go('/settings'),
    '?': showHelp,
    F1: showHelp,
    'Alt+ArrowLeft': () => history.back(),
    'Alt+ArrowRight': () => history.forward(),
    F6: () => nextRegion(1),
    'Shift+F6': () => nextRegion(-1),
    ...pages,
  });
  if (refused) return <Suspense><TokenPage /></Suspense>;
  return (
    <div className="app">
      <Sidebar onSearch={() => setPalette(true)} />
      <div className="app-main">
        {broken && (
          <div className="banner" role="status">
            <WifiOff size={16} aria-hidden />
            {t('shell.engineOffBody')}
          </div>
        )}
        {!online && !broken && (
          <div className="banner" role="status" data-testid="offline">
            <WifiOff size={16} aria-hidden />
            {t('shell.offlineBody')}
          </div>
        )}
        <NetworkBanner />
        <UnsavedBanner />
        {locked && (
          <ErrorBoundary instead={null}>
            <Suspense>
              <LockBanner status={locked} />
            </Suspense>
          </ErrorBoundary>
        )}
        <main className="app-page" data-region tabIndex={-1}>
          {/* A new page begins with a boundary of its own. */}
          <ErrorBoundary key={location.split('/')[1]}>
            <Suspense>
              <Switch>
                <Route path="/">{begun ? <Redirect to={localStorage.getItem(LAST) ?? '/chains'} replace /> : <StartPage />}</Route>
                <Route path="/start" component={StartPage} />
                <Route path="/catalogue/new/:from?" component={AuthoringPage} />
                <Route path="/catalogue/:connector/edit" component={AuthoringPage} />
                <Route path="/catalogue/:connector?/:action?" component={CataloguePage} />
                <Route path="/connections/:name?/:ask?" component={ConnectionsPage} />
                <Route path="/chains" component={ChainsPage} />
                <Route path="/chains/:chain/:what?/:step?" component={ChainPage} />
                <Route path="/runs" component={RunsPage} />
                <Route path="/runs/:run" component={RunPage} />
                <Route path="/inbox/:signal?" component={InboxPage} />
                <Route path="/health/jobs/given-up" component={GivenUpPage} />
                <Route path="/health/:name?" component={HealthPage} />
                <Route path="/settings/audit" component={AuditPage} />
                <Route path="/settings/:what?" component={SettingsPage} />
                <Route>
                  <Empty icon={Unplug} text={`${t('shell.notFound')}. ${t('shell.notFoundBody')}`}>
                    <Button onClick={() => go('/chains')}>{t('shell.goHome')}</Button>
                  </Empty>
                </Route>
              </Switch>
            </Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <ToastHost />
      <ErrorBoundary key={`status ${location}`} instead={<footer className="status" data-region />}>
        <StatusBar onHelp={showHelp} />
      </ErrorBoundary>
      <ErrorBoundary key={`${palette}${help}`}>
        <Suspense>
          {palette && <Palette early={early} onClose={closePalette} onHelp={showHelp} />}
          {help && <Shortcuts onClose={() => setHelp(false)} />}
        </Suspense>
      </ErrorBoundary>
    </div>
  );
}

/** F6: from region to region; in each, where the focus last was or its first control. */
function nextRegion(step: 1 | -1) {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region], .panel')].filter((r) => r.getClientRects().length > 0);
  const at = regions.findIndex((region) => region.contains(document.activeElement) && !regions.some((r) => r !== region && region.contains(r) && r.contains(document.activeElement)));
  const next = regions[(at + step + regions.length) % regions.length];
  const target = next?.querySelector<HTMLElement>('h1, [aria-current], a[href], button:not([disabled]), input, [tabindex="0"]') ?? next;
  if (target && target.tabIndex < 0 && !target.hasAttribute('tabindex')) target.tabIndex = -1;
  target?.focus();
}
