import './lib/locale';

import '@fontsource-variable/inter/wght.css';
import '@mantine/core/styles.layer.css';
import './ui/tokens.css';
import './ui/ui.css';
import './shell/shell.css';

import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { setNonce } from 'get-nonce';
import { lazy, StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';

import { queryClient } from './engine';
import { drawn, platform } from './platform';
import { Shell } from './shell/Shell';
import { Fatal } from './ui/Fatal';
import { theme } from './ui/theme';

const TokenPage = lazy(() => import('./shell/TokenPage'));

/** The nonce of this page, without which its policy lets no style in. */
const nonce = document.querySelector<HTMLStyleElement>('style[nonce]')?.nonce ?? '';

// Dialogs lock the page's scrolling with a style of their own.
setNonce(nonce);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
        <Fatal>
          <QueryClientProvider client={queryClient}>
            <Router hook={useHashLocation}>{platform.needsToken() ? <Suspense><TokenPage /></Suspense> : <Shell />}</Router>
          </QueryClientProvider>
        </Fatal>
      </MantineProvider>
    </StrictMode>,
  );
}

// A window whose page never says so is offered other graphics at its next start.
if (platform.kind === 'window') void drawn().then(() => platform.call('default', 'window_drawn', {}).catch(() => undefined));
