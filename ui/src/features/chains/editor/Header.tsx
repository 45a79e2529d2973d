import { ActionIcon, Button, Popover, Tooltip } from '@mantine/core';
import { List, Play, Plus, Redo2, ShieldCheck, Square, Undo2, Workflow } from 'lucide-react';

import type { Chain } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { written } from '../../../shell/shortcuts';
import type { Place, Section } from '../flow/outline';
import { RunNow } from '../run/RunNow';
import type { ChainEditor } from '../useChainEditor';
import type { Running } from './useRunning';
import { More } from './More';

interface Props {
  editor: ChainEditor;
  chain: Chain;
  running: Running;
  view: 'canvas' | 'list';
  setView: (view: 'canvas' | 'list') => void;
  /** Where a step from the header comes. */
  place: Place;
  onAdd: (place: Place) => void;
  onAddIn: (section: Section) => void;
  onStop: () => void;
  onShare: () => void;
  onFigures: () => void;
  /** Runs it with a few items. */
  onTrial: () => void;
  /** Opens the panel of the run that was started here; nothing where it is open. */
  onBack: (() => void) | undefined;
  /** The first time: what Run will do, beside the button. */
  callout: boolean;
  onCalled: () => void;
}

/** What can be done with the whole chain. */
export function HeaderActions({ editor, chain, running, view, setView, place, onAdd, onAddIn, onStop, onShare, onFigures, onTrial, onBack, callout, onCalled }: Props) {
  const empty = chain.steps.length === 0;
  const blockers = running.found.filter((finding) => finding.level === 'blocker').length;
  const other = view === 'canvas' ? 'list' : 'canvas';
  return (
    <>
      {running.begun && <RunNow report={running.begun} onBack={onBack} />}
      <Tooltip label={t('chains.undo')}>
        <ActionIcon aria-label={t('chains.undo')} disabled={!editor.canUndo} onClick={editor.undo}>
          <Undo2 size={16} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t('chains.redo')}>
        <ActionIcon aria-label={t('chains.redo')} disabled={!editor.canRedo} onClick={editor.redo}>
          <Redo2 size={16} />
        </ActionIcon>
      </Tooltip>
      <Button className="wide-only" leftSection={view === 'canvas' ? <List size={16} /> : <Workflow size={16} />} onClick={() => setView(other)}>
        {t(view === 'canvas' ? 'chains.listView' : 'chains.canvasView')}
      </Button>
      <Button leftSection={<Plus size={16} />} onClick={() => onAdd(place)}>
        {t('chains.addStep')}
      </Button>
      <Tooltip label={written('Ctrl Shift Enter')}>
        <Button
          leftSection={<ShieldCheck size={16} />}
          rightSection={blockers > 0 && <span className="pill bad figures" aria-label={t('chains.checks.blockers', { count: blockers })}>{blockers}</span>}
          onClick={running.showCheck}
          disabled={empty}
        >
          {t('chains.check')}
        </Button>
      </Tooltip>
      {running.active ? (
        <Button leftSection={<Square size={14} />} onClick={onStop}>
          {t('chains.stop')}
        </Button>
      ) : (
        <Popover opened={callout} position="bottom-end" withArrow shadow="md" width={280} returnFocus={false}>
          <Popover.Target>
            <Button
              variant="filled"
              leftSection={<Play size={16} />}
              onClick={() => {
                onCalled();
                void running.ask();
              }}
              loading={running.starting}
              disabled={empty}
              {...(running.noReach === undefined ? {} : { 'data-disabled': true, 'aria-disabled': true, 'aria-description': running.noReach, title: running.noReach })}
            >
              {t('chains.run')}
            </Button>
          </Popover.Target>
          <Popover.Dropdown className="callout" role="note">
            {t('chains.callout.run')}
          </Popover.Dropdown>
        </Popover>
      )}
      <More id={editor.id} name={chain.name} view={view} setView={setView} onShare={onShare} onFigures={onFigures} onDeleted={editor.drop} onTrial={running.active || empty ? undefined : onTrial} onAdd={onAddIn} />
    </>
  );
}
