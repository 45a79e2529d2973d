import { Button } from '@mantine/core';
import { Save } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useWorkspace } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { forgetUnsaved, useHeld, useUnsaved, type Unsaved } from './unsaved';

/** Says on every page which chains were left with changes that could not be kept. */
export function UnsavedBanner() {
  const left = useUnsaved((state) => state.left);
  const workspace = useWorkspace((state) => state.name);
  const [location] = useLocation();
  const isOpen = (one: Unsaved) => one.workspace === workspace && (location === placeOf(one) || location.startsWith(`${placeOf(one)}/`));
  // One that is open is held by its editor.
  useHeld({ names: () => useUnsaved.getState().left.filter((one) => !isOpen(one)).map((one) => one.chain.name) });
  return left.filter((one) => !isOpen(one)).map((one) => <Left key={`${one.workspace} ${one.id ?? ''}`} of={one} />);
}

const placeOf = (unsaved: Unsaved) => `/chains/${unsaved.id ?? 'new'}`;

function Left({ of }: { of: Unsaved }) {
  const [, go] = useLocation();
  const [sure, setSure] = useState(false);
  const name = visible(of.chain.name);
  return (
    <section className="banner lock" aria-label={t('chains.left.title', { name })} data-testid="unsaved-banner">
      <Save size={16} aria-hidden />
      <span className="lock-words" role="alert">
        <strong>{t('chains.left.title', { name })}.</strong> {visible(of.problem.title)}. {t('chains.left.held')}
      </span>
      <Button
        size="xs"
        variant="filled"
        onClick={() => {
          useWorkspace.setState({ name: of.workspace });
          go(placeOf(of));
        }}
      >
        {t('chains.left.open')}
      </Button>
      <Button size="xs" {...(sure ? { color: 'var(--bad)', variant: 'filled' } : {})} onClick={() => (sure ? forgetUnsaved(of.workspace, of.id) : setSure(true))}>
        {t(sure ? 'chains.left.dropSure' : 'chains.left.drop')}
      </Button>
    </section>
  );
}
