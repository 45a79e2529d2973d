import { lazy, Suspense } from 'react';

import { ErrorBoundary } from '../ErrorBoundary';
import { useToasts } from './toast';

const Shown = lazy(() => import('./Shown'));

/** Where confirmations are heard, and shown once there is one. */
export function ToastHost() {
  const { said, count } = useToasts();
  return (
    <>
      {/* There before anything is said: a region that comes with its words is not read out. */}
      <p className="out-of-sight" role="status" data-testid="said">
        {/* The same words again are said again. */}
        <span key={count}>{said}</span>
      </p>
      {count > 0 && (
        <ErrorBoundary instead={null}>
          <Suspense>
            <Shown />
          </Suspense>
        </ErrorBoundary>
      )}
    </>
  );
}
