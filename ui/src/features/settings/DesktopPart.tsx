import { Switch } from '@mantine/core';
import { useId } from 'react';

import type { DesktopChange, DesktopView } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { Row } from '../../ui/Row';

const KEYS = ['keepRunning', 'tray', 'startAtLogin', 'safeGraphics'] as const;

/** How the program stands on its desktop. In a browser there is nothing to decide about that. */
export function DesktopRows() {
  const read = useRead('desktop_show', {});
  return <Read read={read} rows={2} shape="settings">{({ desktop }) => (desktop ? <Desktop desktop={desktop} /> : null)}</Read>;
}

function Desktop({ desktop }: { desktop: DesktopView }) {
  const id = useId();
  const set = useDo('desktop_set', { touches: ['desktop_show'] });
  const change = (part: DesktopChange) => set.mutate(part);
  const about = (key: (typeof KEYS)[number]) => {
    if (key === 'tray' && desktop.trayProblem !== null) return visible(desktop.trayProblem);
    if (key === 'safeGraphics' && desktop.safeGraphics !== desktop.safeGraphicsNow) return t('settings.general.atNextStart');
    return t(`settings.general.${key}About`);
  };
  return (
    <>
      {set.isError && <ProblemBlock problem={toProblem(set.error)} />}
      {KEYS.map((key) => (
        <Row key={key} title={t(`settings.general.${key}`)} about={about(key)} id={`${id}-${key}`}>
          <Switch size="sm" aria-labelledby={`${id}-${key}`} data-testid={key} checked={desktop[key]} disabled={set.isPending} onChange={(event) => change({ [key]: event.currentTarget.checked })} />
        </Row>
      ))}
    </>
  );
}
