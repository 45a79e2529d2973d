import { ActionIcon, Button, Menu, Popover, TextInput, Tooltip } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { Download, Ellipsis, List, Play, Plus, Redo2, ShieldCheck, Square, Trash2, Undo2, Workflow, Zap } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';

import type { Finding, Step } from '../../bindings/wire';
import { send, useDo, useRead, useWorkspace } from '../../engine';
import { t } from '../../lib/words';
import { platform, toProblem } from '../../platform';
import { usePreferences } from '../../shell/preferences';
import { useShortcuts, written } from '../../shell/shortcuts';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { useNoReach } from '../../ui/reach';
import { AddStep } from './AddStep';
import { Canvas } from './canvas/Canvas';
import { CheckPanel } from './CheckPanel';
import './chains.css';
import { ConfirmRun, type RunQuestion } from './ConfirmRun';
import { addLogic, addStep, duplicateStep, moveStep, removeStep } from './document';
import { RunPanel } from './RunPanel';
import { ConnectWizard } from '../connect/ConnectWizard';
import { StopDialog } from '../runs/report/StopDialog';
import { StartPanel } from './start/StartPanel';
import { StepList } from './StepList';
import { StepPanel } from './step/StepPanel';
import { useChainEditor } from './useChainEditor';
import { useStepViews } from './useStepViews';
import { useTools } from './useTools';

type Open = { kind: 'step'; id: string; naming?: boolean } | { kind: 'check' } | { kind: 'start' } | { kind: 'run'; run: string };

interface Props {
  reference: string;
  intent: 'run' | 'try' | 'start' | undefined;
  step: string | undefined;
  onCreated: (id: string) => void;
}

/** One chain: header, steps as canvas or list, panel. */
export function Editor({ reference, intent, step, onCreated }: Props) {
  const [, go] = useLocation();
  const editor = useChainEditor(reference, onCreated);
  const tools = useTools();
  const { chainView, set } = usePreferences();
  const { ref: content, width } = useElementSize();
  const [open, setOpen] = useState<Open | undefined>(step ? { kind: 'step', id: step } : intent === 'start' ? { kind: 'start' } : undefined);
  const [selected, setSelected] = useState<string | undefined>(step);
  const [adding, setAdding] = useState<number>();
  /** A tool that is being connected for a step, and what is then searched for. */
  const [connecting, setConnecting] = useState<string>();
  const [about, setAbout] = useState<string>();
  const [question, setQuestion] = useState<RunQuestion>();
  const [callout, setCallout] = useState(intent === 'try');
  const [run, setRun] = useState<string>();
  const [starting, setStarting] = useState(false);
  const [refused, setRefused] = useState<unknown>();
  const runButton = useRef<HTMLButtonElement>(null);

  const { chain, id, change } = editor;
  const client = useQueryClient();
  const workspace = useWorkspace((state) => state.name);
  const check = useRead('chain_check', { chain: id ?? '' }, { enabled: false });
  const report = useRead('run_report', { run: run ?? '' }, { enabled: run !== undefined });
  const noReach = useNoReach(chain?.steps.flatMap((s) => tools.of(s).connection?.origins ?? []));
  const active = report.data !== undefined && ACTIVE.has(report.data.report.state);
  const [stopping, setStopping] = useState(false);
  const [checked, setChecked] = useState(-1);
  // What was found for an older version says nothing about this one.
  const fresh = checked === editor.version ? check.data : undefined;
  const views = useStepViews(chain, tools, fresh?.findings ?? editor.findings, report.data?.report);
  const view = chainView ?? (width > 0 && width < 560 ? 'list' : 'canvas');

  const lists = useCallback((s: Step) => {
    if (s.logic) return s.logic.type === 'split';
    const connection = tools.connections.find((c) => c.name === s.connection);
    const operation = connection && tools.connectors.get(connection.connector)?.operations.find((o) => o.id === s.operation);
    return operation?.items ?? false;
  }, [tools]);

  const openStep = useCallback((stepId: string) => {
    setSelected(stepId);
    setOpen({ kind: 'step', id: stepId });
  }, []);

  const runCheck = useCallback(async () => {
    const kept = await editor.flush();
    if (!kept) return undefined;
    const found = await client.fetchQuery({
      queryKey: ['chain_check', workspace, { chain: kept.id }],
      queryFn: () => send('chain_check', { chain: kept.id }),
      staleTime: 0,
    });
    setChecked(kept.version);
    return { ...kept, ...found };
  }, [editor, client, workspace]);

  const showCheck = () => {
    setOpen({ kind: 'check' });
    // What fails is shown by the panel, which reads the same query.
    runCheck().catch(() => undefined);
  };

  const start = async (dryRun: boolean, kept: { id: string; version: number }) => {
    setQuestion(undefined);
    setCallout(false);
    setRefused(undefined);
    setStarting(true);
    try {
      const started = await send('run_start', { chain: kept.id, input: null, dryRun, queueOnly: false });
      if (!dryRun) remember(kept.id, kept.version);
      setRun(started.id);
      setSelected(undefined);
      setOpen({ kind: 'run', run: started.id });
    } catch (error) {
      setRefused(error);
    } finally {
      setStarting(false);
    }
  };

  /** Checks first. A blocker opens the check and starts nothing; effects are confirmed once per version. */
  const askToRun = async () => {
    if (starting || noReach !== undefined) return;
    setStarting(true);
    setRefused(undefined);
    const found = await runCheck().catch((error: unknown) => {
      setRefused(error);
      return undefined;
    });
    setStarting(false);
    if (!found) return;
    if (!found.ready) {
      setOpen({ kind: 'check' });
      return;
    }
    const effects = found.findings.filter((finding) => finding.level === 'effect');
    if (remembered(found.id) === found.version) void start(false, found);
    else setQuestion({ effects, kept: found });
  };

  // The address says which step is open, and opens it.
  const opened = open?.kind === 'step' ? open.id : undefined;
  useEffect(() => {
    if (step && step !== opened) openStep(step);
    // Only a new address opens: closing a panel is not undone by the old one.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [step]);
  useEffect(() => {
    if (!id) return;
    const address = opened ? `/chains/${id}/step/${opened}` : `/chains/${id}`;
    if (opened !== step) go(address, { replace: true });
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [opened, id]);

  const asked = useRef(false);
  useEffect(() => {
    if (intent === 'run' && chain && tools.ready && !asked.current) {
      asked.current = true;
      // Going back to this address, or restoring it, must not send anything again.
      go(`/chains/${reference}`, { replace: true });
      void askToRun();
    }
  });

  useShortcuts({
    'Ctrl+Enter': () => void askToRun(),
    'Ctrl+Shift+Enter': showCheck,
    'Ctrl+.': () => active && setStopping(true),
    'Ctrl+z': editor.undo,
    'Ctrl+Shift+z': editor.redo,
    'Ctrl+Shift+Z': editor.redo,
  });

  const commands = useMemo(
    () => ({
      open: openStep,
      select: setSelected,
      addAfter: (after: number) => setAdding(after),
      remove: (stepId: string) => {
        change((c) => removeStep(c, stepId));
        setSelected(undefined);
        setOpen((now) => (now?.kind === 'step' && now.id === stepId ? undefined : now));
      },
      duplicate: (stepId: string) => change((c) => duplicateStep(c, stepId).chain),
      move: (stepId: string, by: 1 | -1) => change((c) => moveStep(c, stepId, by)),
      rename: (stepId: string) => {
        setSelected(stepId);
        setOpen({ kind: 'step', id: stepId, naming: true });
      },
      fixFirst: () => {
        const first = views.find((v) => v.trouble);
        if (first) openStep(first.id);
      },
    }),
    [change, openStep, views],
  );

  if (!chain) {
    return (
      <Page title={t('chains.name')}>
        {editor.problem && <ProblemBlock problem={editor.problem} onFix={() => go('/chains')} />}
      </Page>
    );
  }

  const current = chain.steps.find((s) => open?.kind === 'step' && s.id === open.id);
  const closePanel = () => {
    setOpen(undefined);
    document.querySelector<HTMLElement>('[data-step][tabindex="0"]')?.focus();
  };
  const naming = open?.kind === 'step' && open.naming === true;
  const panel = current ? (
    <StepPanel
      key={`${current.id} ${naming}`}
      naming={naming}
      chainId={id}
      version={editor.version}
      chain={chain}
      step={current}
      tools={tools}
      run={run}
      change={change}
      onClose={closePanel}
    />
  ) : open?.kind === 'check' ? (
    <CheckPanel check={check} findings={editor.findings} fresh={fresh !== undefined} chain={chain} tools={tools} onShow={openStep} onAgain={showCheck} onClose={closePanel} />
  ) : open?.kind === 'start' ? (
    <StartPanel chainId={id} version={editor.version} chain={chain} tools={tools} change={change} flush={editor.flush} onClose={closePanel} />
  ) : open?.kind === 'run' ? (
    <RunPanel
      report={report}
      trial={chain.steps.some((s) => tools.of(s).connector?.summary.sandbox)}
      onShow={openStep}
      onAgain={() => void askToRun()}
      onClose={closePanel}
    />
  ) : undefined;

  return (
    <Page
      title={chain.name}
      fixed
      aside={
        <>
          <Rename name={chain.name} onRename={(name) => change((c) => ({ ...c, name }))} />
          <SavedState editor={editor} />
          <Button size="compact-xs" variant="subtle" leftSection={<Zap size={14} aria-hidden />} onClick={() => setOpen({ kind: 'start' })}>
            {t(`chains.start.kinds.${chain.trigger.type}`)}
          </Button>
        </>
      }
      actions={
        <>
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
          <Button
            className="wide-only"
            leftSection={view === 'canvas' ? <List size={16} /> : <Workflow size={16} />}
            onClick={() => set({ chainView: view === 'canvas' ? 'list' : 'canvas' })}
          >
            {t(view === 'canvas' ? 'chains.listView' : 'chains.canvasView')}
          </Button>
          <Button leftSection={<Plus size={16} />} onClick={() => setAdding(after(chain.steps, selected))}>
            {t('chains.addStep')}
          </Button>
          <Tooltip label={written('Ctrl Shift Enter')}>
            <Button leftSection={<ShieldCheck size={16} />} onClick={showCheck} disabled={chain.steps.length === 0}>
              {t('chains.check')}
            </Button>
          </Tooltip>
          {active && run ? (
            <Button leftSection={<Square size={14} />} onClick={() => setStopping(true)}>
              {t('chains.stop')}
            </Button>
          ) : (
            <Popover opened={callout && chain.steps.length > 0 && tools.ready} position="bottom-end" withArrow shadow="md" width={280} returnFocus={false}>
              <Popover.Target>
                <Button
                  ref={runButton}
                  variant="filled"
                  leftSection={<Play size={16} />}
                  onClick={() => {
                    setCallout(false);
                    void askToRun();
                  }}
                  loading={starting}
                  disabled={chain.steps.length === 0}
                  {...(noReach === undefined ? {} : { 'data-disabled': true, 'aria-disabled': true, 'aria-description': noReach, title: noReach })}
                >
                  {t('chains.run')}
                </Button>
              </Popover.Target>
              <Popover.Dropdown className="callout" role="note">
                {t('chains.callout.run')}
              </Popover.Dropdown>
            </Popover>
          )}
          <More
            id={id}
            name={chain.name}
            onExport={() => void platform.saveFile(`${chain.name}.json`, 'application/json', `${JSON.stringify(chain, null, 2)}\n`).catch(setRefused)}
            view={view} setView={(next) => set({ chainView: next })} />
        </>
      }
      panel={panel}
    >
      <div className="editor" ref={content}>
        {editor.state === 'failed' && editor.problem && (
          <div className="editor-note">
            <ProblemBlock problem={editor.problem} onFix={editor.retry} />
          </div>
        )}
        {refused !== undefined && (
          <div className="editor-note">
            <ProblemBlock problem={toProblem(refused)} onFix={() => setRefused(undefined)} />
          </div>
        )}
        {chain.steps.length === 0 ? (
          <div className="empty">
            <Workflow size={20} aria-hidden />
            <p>{t('chains.noSteps')}</p>
            <Button variant="filled" leftSection={<Plus size={16} />} onClick={() => setAdding(-1)} data-autofocus>
              {t('chains.addStep')}
            </Button>
          </div>
        ) : view === 'canvas' ? (
          <Canvas views={views} selected={selected} commands={commands} />
        ) : (
          <StepList views={views} selected={selected} commands={commands} />
        )}
      </div>
      {connecting !== undefined && <ConnectWizard connectorId={connecting} onUse={setAbout} onClose={() => setConnecting(undefined)} />}
      {adding !== undefined && connecting === undefined && (
        <AddStep
          tools={tools}
          about={about}
          onClose={() => {
            setAdding(undefined);
            setAbout(undefined);
          }}
          onConnect={setConnecting}
          onLogic={(type) => {
            const added = addLogic(chain, adding, type, lists);
            setAdding(undefined);
            setAbout(undefined);
            change(() => added.chain);
            openStep(added.id);
          }}
          onChoose={(connection, operation) => {
            const added = addStep(chain, adding, connection, operation, lists);
            setAdding(undefined);
            setAbout(undefined);
            change(() => added.chain);
            openStep(added.id);
          }}
        />
      )}
      {run && <StopDialog run={run} opened={stopping && active} onClose={() => setStopping(false)} />}
      <ConfirmRun name={chain.name} question={question} onRun={(dry) => question && void start(dry, question.kept)} onClose={() => setQuestion(undefined)} />
    </Page>
  );
}

const ACTIVE = new Set(['queued', 'running', 'waiting', 'paused', 'needs_you']);

/** After the selected step, else at the end. */
function after(steps: { id: string }[], selected: string | undefined): number {
  const at = steps.findIndex((step) => step.id === selected);
  return at < 0 ? steps.length - 1 : at;
}

/** The version of a chain that the user has let run. */
const remembered = (id: string): number => Number(localStorage.getItem(`patchbay-confirmed-${id}`) ?? '-1');
const remember = (id: string, version: number) => localStorage.setItem(`patchbay-confirmed-${id}`, String(version));

function SavedState({ editor }: { editor: ReturnType<typeof useChainEditor> }) {
  const word = { draft: 'chains.draft', saved: 'chains.saved', saving: 'chains.saving', failed: 'chains.notSaved' } as const;
  return (
    <span role="status" className={editor.state === 'failed' ? 'saved bad' : 'saved'} data-testid="saved">
      {t(word[editor.state])}
    </span>
  );
}

function Rename({ name, onRename }: { name: string; onRename: (name: string) => void }) {
  const [text, setText] = useState<string>();
  const done = () => {
    const next = text?.trim();
    if (next && next !== name) onRename(next.slice(0, 80));
    setText(undefined);
  };
  return (
    <Popover opened={text !== undefined} onChange={(opened) => !opened && setText(undefined)} trapFocus returnFocus shadow="md" width={320}>
      <Popover.Target>
        <Button size="compact-xs" variant="subtle" onClick={() => setText(name)}>
          {t('common.rename')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            done();
          }}
        >
          <div className="row nowrap">
            <TextInput
              aria-label={t('chains.renameChain')}
              value={text ?? ''}
              maxLength={80}
              onChange={(event) => setText(event.currentTarget.value)}
              data-autofocus
            />
            <Button type="submit" variant="filled" disabled={!text?.trim()}>
              {t('common.save')}
            </Button>
          </div>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

interface MoreProps {
  id: string | undefined;
  name: string;
  view: 'canvas' | 'list';
  setView: (view: 'canvas' | 'list') => void;
  onExport: () => void;
}

function More({ id, name, view, setView, onExport }: MoreProps) {
  const [, go] = useLocation();
  const [sure, setSure] = useState(false);
  const remove = useDo('chain_delete', { touches: ['chain_list'], onSuccess: () => go('/chains') });
  return (
    <Menu position="bottom-end" shadow="md" onClose={() => setSure(false)}>
      <Menu.Target>
        <ActionIcon aria-label={t('common.more')}>
          <Ellipsis size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={view === 'canvas' ? <List size={14} /> : <Workflow size={14} />} onClick={() => setView(view === 'canvas' ? 'list' : 'canvas')}>
          {t(view === 'canvas' ? 'chains.listView' : 'chains.canvasView')}
        </Menu.Item>
        <Menu.Item leftSection={<Download size={14} />} disabled={!id} onClick={onExport}>
          {t('chains.export')}
        </Menu.Item>
        <Menu.Item
          color="var(--bad)"
          leftSection={<Trash2 size={14} />}
          disabled={!id}
          closeMenuOnClick={false}
          onClick={() => (sure && id ? remove.mutate({ chain: id }) : setSure(true))}
        >
          {sure ? t('chains.deleteSure', { name }) : t('chains.delete')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export type { Finding };
