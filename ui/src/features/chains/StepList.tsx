import { ActionIcon, Menu } from '@mantine/core';
import { ArrowDown, ArrowUp, Copy, Ellipsis, Plus, Trash2 } from 'lucide-react';
import { useEffect, useRef } from 'react';

import { t } from '../../lib/words';
import { StepCard } from './StepCard';
import { stepKey } from './stepKeys';
import type { StepCommands, StepView } from './useStepViews';

/** Steps as an outline: the same commands, keys and state as the canvas. */
export function StepList({ views, selected, commands }: { views: StepView[]; selected: string | undefined; commands: StepCommands }) {
  const frame = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (selected && frame.current?.contains(document.activeElement)) frame.current.querySelector<HTMLElement>(`[data-step="${selected}"]`)?.focus();
  }, [selected]);
  return (
    <ol
      className="step-list"
      ref={frame}
      aria-label={t('chains.canvas')}
      onKeyDown={(event) => {
        const step = event.target instanceof HTMLElement ? event.target.dataset.step : undefined;
        if (step !== undefined) stepKey(event, views, step, commands);
      }}
    >
      {views.map((view) => (
        <li key={view.id}>
          <span className="step-number figures" aria-hidden>
            {view.at + 1}
          </span>
          <StepCard view={view} selected={view.id === selected} tabbable={view.id === selected || (!selected && view.at === 0)} onOpen={commands.open} />
          {view.look > 0 && <span className="edge-chip">{t('chains.toCheck', { count: view.look })}</span>}
          <Menu position="bottom-end" shadow="md">
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={`${t('common.more')}: ${view.name}`}>
                <Ellipsis size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<Plus size={14} />} onClick={() => commands.addAfter(view.at)}>
                {t('chains.insertHere')}
              </Menu.Item>
              <Menu.Item leftSection={<ArrowUp size={14} />} disabled={!view.moves.up} onClick={() => commands.move(view.id, -1)}>
                {t('chains.moveUp')}
              </Menu.Item>
              <Menu.Item leftSection={<ArrowDown size={14} />} disabled={!view.moves.down} onClick={() => commands.move(view.id, 1)}>
                {t('chains.moveDown')}
              </Menu.Item>
              <Menu.Item leftSection={<Copy size={14} />} onClick={() => commands.duplicate(view.id)}>
                {t('chains.duplicate')}
              </Menu.Item>
              <Menu.Item leftSection={<Trash2 size={14} />} color="var(--bad)" onClick={() => commands.remove(view.id)}>
                {t('chains.remove')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </li>
      ))}
    </ol>
  );
}
