import { Popover, SegmentedControl, useMantineColorScheme } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';

import { useEngineState, useRead } from '../engine';
import { t, type WordKey } from '../lib/words';

/** What is going on, at the bottom. Each part opens its detail. */
export function StatusBar({ onHelp }: { onHelp: () => void }) {
  const health = useRead('health', {});
  const broken = useEngineState((state) => state.broken);
  const [, go] = useLocation();
  const secrets = health.data?.secrets ?? 'unused';
  const active = health.data?.runsActive ?? 0;
  return (
    <footer className="status" aria-label={t('shell.statusBar')} data-region>
      <Part
        label={
          <>
            <span className={broken ? 'dot bad' : 'dot ok'} aria-hidden />
            {t(broken ? 'shell.engineOff' : 'shell.engineOn')}
          </>
        }
      >
        {broken ? t('shell.engineOffBody') : t('shell.version', { version: health.data?.version ?? '' })}
        {health.data?.storage.map((problem) => <p key={problem.code}>{`${problem.title}. ${problem.hint}`}</p>)}
      </Part>
      <Part label={t(`shell.keys.${secrets}` as WordKey)}>{t(`shell.keysAbout.${secrets}` as WordKey)}</Part>
      <button type="button" className="status-part" onClick={() => go('/runs')}>
        {active > 0 ? t('shell.activeRuns', { count: active }) : t('shell.noRuns')}
      </button>
      <span className="status-end">
        <Theme />
        <button type="button" className="status-part" onClick={onHelp}>
          {t('shell.help')} <kbd>?</kbd>
        </button>
      </span>
    </footer>
  );
}

function Part({ label, children }: { label: ReactNode; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="top-start" width={320} shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className="status-part" onClick={() => setOpen(!open)}>
          {label}
        </button>
      </Popover.Target>
      <Popover.Dropdown tabIndex={-1}>{children}</Popover.Dropdown>
    </Popover>
  );
}

function Theme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const word = { auto: 'shell.themeSystem', light: 'shell.themeLight', dark: 'shell.themeDark' } as const;
  return (
    <Part label={`${t('shell.theme')}: ${t(word[colorScheme])}`}>
      <SegmentedControl
        fullWidth
        aria-label={t('shell.theme')}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as 'auto' | 'light' | 'dark')}
        data={(['auto', 'light', 'dark'] as const).map((value) => ({ value, label: t(word[value]) }))}
      />
    </Part>
  );
}
