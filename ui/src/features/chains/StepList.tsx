import { ActionIcon, Menu } from '@mantine/core';
import { ArrowDown, ArrowUp, Copy, Ellipsis, Plus, Trash2 } from 'lucide-react';
import { memo, useEffect, useRef } from 'react';

import { t } from '../../lib/words';
import { StepCard, WayCard } from './StepCard';
import { placeOf, stepKey } from './stepKeys';
import type { StepCommands, StepView, StopView } from './useStepViews';

interface Props {
  stops: StopView[];
  selected: string | undefined;
  commands: StepCommands;
}

/** Steps as an outline: the same commands, keys and state as the canvas. */
export function StepList({ stops, selected, commands }: Props) {
  const frame = useRef<HTMLOListElement>(null);
  const place = placeOf(stops, selected);
  useEffect(() => {
    if (selected && frame.current?.contains(document.activeElement)) frame.current.querySelector<HTMLElement>(`[data-step="${CSS.escape(selected)}"]`)?.focus();
  }, [selected]);
  return (
    <ol
      className="step-list"
      ref={frame}
      aria-label={t('chains.canvas')}
      onKeyDown={(event) => {
        const step = event.target instanceof HTMLElement ? event.target.dataset.step : undefined;
        if (step !== undefined) stepKey(event, stops, step, selected, commands);
      }}
    >
      {stops.map((stop) => (
        <Stop key={stop.id} stop={stop} selected={stop.id === selected} tabbable={stop.id === place} commands={commands} />
      ))}
    </ol>
  );
}

/** One line. It is drawn again when something about it changes. */
const Stop = memo(function Stop({ stop, selected, tabbable, commands }: { stop: StopView; selected: boolean; tabbable: boolean; commands: StepCommands }) {
  if (stop.kind === 'section') return <li className="step-section">{stop.name}</li>;
  return (
    <li style={{ paddingInlineStart: Math.min(stop.flow.depth, 6) * 28 }}>
      <span className="step-number figures" aria-hidden>
        {stop.kind === 'step' ? stop.step.at + 1 : ''}
      </span>
      {stop.kind === 'step' ? (
        <>
          <StepCard view={stop.step} selected={selected} tabbable={tabbable} withEach onOpen={commands.open} />
          {stop.step.look > 0 && <span className="edge-chip">{t('chains.toCheck', { count: stop.step.look })}</span>}
          <StepMenu view={stop.step} commands={commands} />
        </>
      ) : (
        <>
          <WayCard stop={stop} selected={selected} tabbable={tabbable} onOpen={commands.open} />
          <ActionIcon variant="subtle" color="gray" aria-label={t('chains.flow.addOn', { way: stop.name })} onClick={() => commands.add(stop.flow.after)}>
            <Plus size={16} />
          </ActionIcon>
        </>
      )}
    </li>
  );
});

function StepMenu({ view, commands }: { view: StepView; commands: StepCommands }) {
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`${t('common.more')}: ${view.name}`}>
          <Ellipsis size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Plus size={14} />} onClick={() => commands.add(view.flow.after)}>
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
  );
}
