import { Button } from '@mantine/core';
import { Unplug } from 'lucide-react';
import { useLocation } from 'wouter';

import { useRead } from '../engine';
import { visible } from '../lib/format';

/** Nobody knows which way services are reached: nothing goes out, on whichever page somebody waits for it. */
export function NetworkBanner() {
  const problem = useRead('health', {}).data?.network;
  const [, go] = useLocation();
  if (!problem) return null;
  return (
    <section className="banner lock" aria-label={visible(problem.title)} data-testid="network-banner">
      <Unplug size={16} aria-hidden />
      <span className="lock-words" role="status">
        <strong>{visible(problem.title)}.</strong> {visible(problem.hint)}
      </span>
      {problem.fix && (
        <Button size="xs" variant="filled" onClick={() => go('/settings/network')}>
          {problem.fix.label}
        </Button>
      )}
    </section>
  );
}
