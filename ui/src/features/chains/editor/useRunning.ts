import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';

import type { Finding } from '../../../bindings/wire';
import { send, useRead, useWorkspace } from '../../../engine';
import type { Narrowing, RunHow, RunQuestion } from '../ConfirmRun';
import type { ChainEditor } from '../useChainEditor';
import { mayChange, type Tools } from '../useTools';
import { allSteps } from '../flow/outline';
import { useNoReach } from '../../../ui/reach';

const ACTIVE = new Set(['queued', 'running', 'waiting', 'paused', 'needs_you']);

/** The version of a chain that the user has let run. */
const remembered = (id: string): number => Number(localStorage.getItem(`patchbay-confirmed-${id}`) ?? '-1');
const remember = (id: string, version: number) => localStorage.setItem(`patchbay-confirmed-${id}`, String(version));

/** Checks a chain and runs it. */
export function useRunning(editor: ChainEditor, tools: Tools, sampleRun: string | undefined, show: (panel: { kind: 'check' } | { kind: 'run'; run: string }) => void) {
  const { id, chain } = editor;
  const client = useQueryClient();
  const workspace = useWorkspace((state) => state.name);
  const check = useRead('chain_check', { chain: id ?? '', local: false }, { enabled: false });
  // What can be said without asking anybody, of a chain that was not changed since it was opened.
  const local = useRead('chain_check', { chain: id ?? '', local: true }, { enabled: id !== undefined && editor.findings === undefined });
  const [own, setRun] = useState<string>();
  // What is shown of a run that was opened with its data, until another one is started here.
  const run = own ?? sampleRun;
  const report = useRead('run_report', { run: run ?? '' }, { enabled: run !== undefined });
  const [question, setQuestion] = useState<RunQuestion>();
  const [starting, setStarting] = useState(false);
  const [refused, setRefused] = useState<unknown>();
  const noReach = useNoReach(chain && allSteps(chain).flatMap((step) => tools.of(step).connection?.origins ?? []));
  const active = report.data !== undefined && ACTIVE.has(report.data.report.state);
  const [checked, setChecked] = useState(-1);
  // What was found for an older version says nothing about this one.
  const fresh = checked === editor.version ? check.data : undefined;
  const latest: Finding[] = editor.findings ?? local.data?.findings ?? [];

  const runCheck = useCallback(async () => {
    const kept = await editor.flush();
    if (!kept) return undefined;
    const found = await client.fetchQuery({
      queryKey: ['chain_check', workspace, { chain: kept.id, local: false }],
      queryFn: () => send('chain_check', { chain: kept.id, local: false }),
      staleTime: 0,
    });
    setChecked(kept.version);
    return { ...kept, ...found };
  }, [editor, client, workspace]);

  /** Shows a run beside the chain. */
  const follow = (next: string) => {
    setRun(next);
    show({ kind: 'run', run: next });
  };

  const start = async (kept: { id: string; version: number }, { dryRun, input, items, without }: RunHow) => {
    setQuestion(undefined);
    setRefused(undefined);
    setStarting(true);
    try {
      const started = await send('run_start', { chain: kept.id, input, dryRun, items: items ?? null, without: without ?? [], queueOnly: false });
      if (!dryRun && items === undefined && without === undefined) remember(kept.id, kept.version);
      follow(started.id);
    } catch (error) {
      setRefused(error);
    } finally {
      setStarting(false);
    }
  };

  /** Checks first. A blocker opens the check and starts nothing; effects are confirmed once per version. */
  const ask = async (how: Narrowing = {}) => {
    if (starting || active || noReach !== undefined) return;
    setStarting(true);
    setRefused(undefined);
    const found = await runCheck().catch((error: unknown) => {
      setRefused(error);
      return undefined;
    });
    setStarting(false);
    if (!found) return;
    const gone = new Set(how.without ?? []);
    // Without some of its steps another chain is run, which is checked again when it starts.
    if (!found.ready && gone.size === 0) {
      show({ kind: 'check' });
      return;
    }
    const effects = found.findings.filter((finding) => finding.level === 'effect' && !gone.has(finding.step ?? ''));
    // What only reads is nobody's concern.
    const changes = chain !== undefined && allSteps(chain).some((step) => mayChange(step, tools));
    const narrowed = how.items !== undefined || gone.size > 0;
    const input = chain?.trigger.type === 'manual' ? (chain.trigger.input ?? undefined) : undefined;
    if (input === undefined && !narrowed && (!changes || remembered(found.id) === found.version)) void start(found, { dryRun: false, input: null });
    else setQuestion({ effects, kept: found, input, ...how });
  };

  return {
    check,
    found: fresh?.findings ?? latest,
    own: latest,
    fresh: fresh !== undefined,
    showCheck: () => {
      show({ kind: 'check' });
      // What fails is shown by the panel, which reads the same query.
      runCheck().catch(() => undefined);
    },
    /** Why it cannot run now: what it calls is out of reach. */
    noReach,
    ask,
    start,
    follow,
    run,
    report,
    active,
    question,
    answer: setQuestion,
    starting,
    refused,
    refuse: setRefused,
  };
}

export type Running = ReturnType<typeof useRunning>;
