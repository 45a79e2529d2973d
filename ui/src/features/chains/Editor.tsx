import { Button } from '@mantine/core';
import { Plus, Workflow, Zap } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';

import type { Step } from '../../bindings/wire';
import { useRead } from '../../engine';
import { t } from '../../lib/words';
import { usePreferences } from '../../shell/preferences';
import { useShortcuts } from '../../shell/shortcuts';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Loading } from '../../ui/Read';
import { Adding } from './Adding';
import { Canvas } from './canvas/Canvas';
import './chains.css';
import { ConfirmRun, TRIAL } from './ConfirmRun';
import { emptyChain } from './document';
import { EditorPanel, type Open } from './editor/EditorPanel';
import { HeaderActions } from './editor/Header';
import { Rename, SavedState } from './editor/Name';
import { Notes } from './editor/Notes';
import { useAddress } from './editor/useAddress';
import { useCommands } from './editor/useCommands';
import { useRoom } from './editor/useRoom';
import { useRunning } from './editor/useRunning';
import { useRunPanel } from './editor/useRunPanel';
import { flowOf } from './flow/flow';
import { POLICY } from './fresh';
import { allSteps, endOf, type Place } from './flow/outline';
import { Announcer } from '../runs/report/Announcer';
import { StopDialog } from '../runs/report/StopDialog';
import { ShareDialog } from './share/ShareDialog';
import { StepList } from './StepList';
import { runOf, useSampleRun } from './sample';
import { useChainEditor } from './useChainEditor';
import { useStepViews } from './useStepViews';
import { useTools } from './useTools';

interface Props {
  reference: string;
  intent: 'run' | 'try' | 'start' | undefined;
  step: string | undefined;
  onCreated: (id: string) => void;
}

const NOTHING = emptyChain('');
/** Pixels of the page below which steps are a list at first (ux.md, section 5). */
const CANVAS_ROOM = 900;

/** One chain: header, steps as canvas or list, panel. */
export function Editor({ reference, intent, step, onCreated }: Props) {
  const [, go] = useLocation();
  const editor = useChainEditor(reference, onCreated);
  const tools = useTools();
  const { chainView, set } = usePreferences();
  const room = useRoom();
  const [open, setOpen] = useState<Open | undefined>(step ? { kind: 'step', id: step } : intent === 'start' ? { kind: 'start' } : undefined);
  const [selected, setSelected] = useState<string | undefined>(step);
  const [adding, setAdding] = useState<Place>();
  const [callout, setCallout] = useState(intent === 'try');
  const [stopping, setStopping] = useState(false);
  const [sharing, setSharing] = useState(false);
  const { chain, id, change } = editor;
  const sample = runOf(useSampleRun((state) => state.sample), id);
  const pins = useRead('pin_list', { chain: id ?? '' }, { enabled: id !== undefined });
  const show = (panel: Open) => {
    if (panel.kind === 'run') {
      setCallout(false);
      setSelected(undefined);
    }
    setOpen(panel);
  };
  const running = useRunning(editor, tools, sample?.run, show);
  const flow = useMemo(() => flowOf(chain ?? NOTHING), [chain]);
  const stops = useStepViews(chain, flow, tools, running.found, running.report.data?.report, pins.data?.pins);
  const view = chainView ?? (room > 0 && room < CANVAS_ROOM ? 'list' : 'canvas');
  const lists = useCallback((own: Step) => (own.logic ? own.logic.type === 'split' : (tools.of(own).operation?.items ?? false)), [tools]);
  const commands = useCommands({ editor, stops, select: setSelected, setOpen, add: setAdding });

  const isThere = open && (open.kind !== 'step' || stops.some((stop) => stop.id === open.id));
  const way = useRunPanel(running, isThere ? open : undefined, (run) => show({ kind: 'run', run }));

  useAddress(id, step, open?.kind === 'step' ? open.id : undefined, commands.open);
  const asked = useRef(false);
  useEffect(() => {
    if (intent !== 'run') asked.current = false;
    if (intent === 'run' && chain && tools.settled && !asked.current) {
      asked.current = true;
      // Going back to this address, or restoring it, must not send anything again.
      go(`/chains/${reference}`, { replace: true });
      void running.ask();
    }
  });
  useShortcuts({
    'Ctrl+Enter': () => void running.ask(),
    'Ctrl+Shift+Enter': running.showCheck,
    'Ctrl+.': () => running.active && setStopping(true),
    'Ctrl+z': editor.undo,
    'Ctrl+Shift+z': editor.redo,
    'Ctrl+Shift+Z': editor.redo,
  });

  if (!chain) {
    return (
      <Page title={t('chains.name')}>
        {editor.problem?.code === 'NOT_FOUND' ? (
          <ProblemBlock problem={editor.problem} onFix={() => go('/chains')} />
        ) : editor.problem ? (
          <ProblemBlock problem={{ ...editor.problem, fix: { label: t('common.tryAgain'), action: 'retry' } }} onFix={editor.retry} />
        ) : (
          <Loading rows={6} shape="steps" onRetry={editor.retry} />
        )}
      </Page>
    );
  }
  const closePanel = () => {
    way.closed();
    setOpen(undefined);
    document.querySelector<HTMLElement>('[data-step][tabindex="0"]')?.focus();
  };
  return (
    <Page
      title={chain.name}
      fixed
      aside={
        <>
          <Rename name={chain.name} onRename={(name) => change((c) => ({ ...c, name }))} />
          <SavedState editor={editor} />
          <Button size="compact-xs" variant="subtle" className="start-kind" aria-label={t(`chains.start.kinds.${chain.trigger.type}`)} leftSection={<Zap size={14} aria-hidden />} onClick={() => setOpen({ kind: 'start' })}>
            {t(`chains.start.kinds.${chain.trigger.type}`)}
          </Button>
        </>
      }
      actions={
        <HeaderActions
          editor={editor}
          chain={chain}
          running={running}
          view={view}
          setView={(next) => set({ chainView: next })}
          place={(selected !== undefined && stops.find((stop) => stop.id === selected)?.flow.after) || endOf(chain)}
          onAdd={setAdding}
          onAddIn={(section) => setAdding(endOf(chain, section))}
          onStop={() => setStopping(true)}
          onShare={() => setSharing(true)}
          onFigures={() => setOpen({ kind: 'figures' })}
          onTrial={() => void running.ask({ items: TRIAL })}
          onBack={way.back}
          callout={callout && chain.steps.length > 0 && tools.settled}
          onCalled={() => setCallout(false)}
        />
      }
      panelOf={open && `${open.kind} ${open.kind === 'step' ? open.id : open.kind === 'run' ? open.run : ''}`}
      panel={isThere ? <EditorPanel open={open} chain={chain} editor={editor} tools={tools} running={running} sampleRun={sample?.run} onShow={commands.open} onClose={closePanel} /> : undefined}
    >
      <div className="editor">
        <Notes editor={editor} running={running} sample={sample} />
        <Announcer report={running.begun} begun />
        {chain.steps.length === 0 ? (
          <div className="empty">
            <Workflow size={20} aria-hidden />
            <p>{t('chains.noSteps')}</p>
            <Button variant="filled" leftSection={<Plus size={16} />} onClick={() => setAdding(endOf(chain))} data-autofocus>
              {t('chains.addStep')}
            </Button>
          </div>
        ) : view === 'canvas' ? (
          <Canvas flow={flow} stops={stops} selected={selected} commands={commands} />
        ) : (
          <StepList stops={stops} selected={selected} commands={commands} />
        )}
      </div>
      {adding && <Adding chain={chain} place={adding} tools={tools} lists={lists} change={change} onAdded={commands.open} onClose={() => setAdding(undefined)} />}
      {sharing && id && <ShareDialog chain={id} name={chain.name} flush={editor.flush} onClose={() => setSharing(false)} />}
      {running.run && <StopDialog run={running.run} opened={stopping && running.active} onClose={() => setStopping(false)} />}
      <ConfirmRun name={chain.name} question={running.question} stepName={(own) => tools.name(allSteps(chain).find((one) => one.id === own) ?? { id: own, policy: POLICY })} onRun={(how) => running.question && void running.start(running.question.kept, how)} onClose={() => running.answer(undefined)} />
    </Page>
  );
}
