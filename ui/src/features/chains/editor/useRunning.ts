import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';

import type { Finding } from '../../../bindings/wire';
import { send, useRead, useWorkspace } from '../../../engine';
import type { Narrowing, RunHow, RunQuestion } from '../ConfirmRun';
import type { ChainEditor } from '../useChainEditor';
import { mayChange, type Tools } from '../useTools';
import { allSteps } from '../flow/outline';
import { t } from '../../../lib/words';
import { ProblemError, toProblem } from '../../../platform';
import { useNoReach } from '../../../ui/reach';

const ACTIVE = new Set(['queued', 'running', 'waiting', 'paused', 'needs_you']);

/** What the user has let a chain do, as the check names it. */
const remembered = (id: string): string | null => localStorage.getItem(`patchbay-confirmed-${id}`);
const remember = (id: string, plan: string) => localStorage.setItem(`patchbay-confirmed-${id}`, plan);

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

  const runCheck = useCallback(
    async (without: string[] = []) => {
      const kept = await editor.flush();
      if (!kept) return undefined;
      const request = { chain: kept.id, local: false, ...(without.length > 0 ? { without } : {}) };
      const found = await client.fetchQuery({ queryKey: ['chain_check', workspace, request], queryFn: () => send('chain_check', request), staleTime: 0 });
      // What the panel shows is of the whole chain.
      if (without.length === 0) setChecked(kept.version);
      return { ...kept, ...found };
    },
    [editor, client, workspace],
  );

  /** Shows a run beside the chain. */
  const follow = (next: string) => {
    setRun(next);
    show({ kind: 'run', run: next });
  };

  const start = async (kept: RunQuestion['kept'], { dryRun, input, items, without }: RunHow) => {
    setQuestion(undefined);
    setRefused(undefined);
    setStarting(true);
    try {
      const started = await send('run_start', { chain: kept.id, input, dryRun, plan: kept.plan, items: items ?? null, without: without ?? [], queueOnly: false });
      if (!dryRun && items === undefined && without === undefined && kept.plan) remember(kept.id, kept.plan);
      follow(started.id);
    } catch (error) {
      // What was shown is not what would be done any more: what would be is shown instead.
      if (toProblem(error).code === 'CONFLICT') await look({ ...(items === undefined ? {} : { items }), ...(without ? { without } : {}) }, { plan: kept.plan, error });
      else setRefused(error);
    } finally {
      setStarting(false);
    }
  };

  /** Checks what is wanted. It starts, or is asked about; where a start was refused, it is asked about if something else would be done now. */
  const look = async (how: Narrowing, refusal?: { plan: string | null; error: unknown }) => {
    setStarting(true);
    setRefused(undefined);
    const found = await runCheck(how.without).catch((error: unknown) => {
      setRefused(error);
      return undefined;
    });
    setStarting(false);
    if (!found) return;
    if (!found.ready) {
      show({ kind: 'check' });
      const left = found.findings.find((finding) => finding.level === 'blocker');
      if (how.without && left) setRefused(new ProblemError({ code: 'INPUT_INVALID', title: t('chains.confirm.stillNot'), hint: left.text }));
      return;
    }
    if (refusal && refusal.plan === found.plan) {
      setRefused(refusal.error);
      return;
    }
    const effects = found.findings.filter((finding) => finding.level === 'effect');
    const kept = { id: found.id, plan: found.plan };
    // What only reads is nobody's concern.
    const changes = chain !== undefined && allSteps(chain).some((step) => mayChange(step, tools));
    const narrowed = how.items !== undefined || how.without !== undefined;
    const input = chain?.trigger.type === 'manual' ? (chain.trigger.input ?? undefined) : undefined;
    const confirmed = !changes || (found.plan !== null && remembered(found.id) === found.plan);
    if (input === undefined && !narrowed && !refusal && confirmed) void start(kept, { dryRun: false, input: null });
    else setQuestion({ effects, kept, input, changed: refusal !== undefined, ...how });
  };

  /** Checks first. A blocker opens the check and starts nothing; effects are confirmed once, until something else would be done. */
  const ask = async (how: Narrowing = {}) => {
    if (starting || active) return;
    // The button says so where it stands; keys, the palette and the tray have nothing to press.
    if (noReach !== undefined) setRefused(new ProblemError({ code: 'OFFLINE', title: t('chains.runOffline'), hint: noReach }));
    else await look(how);
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
    /** The run that is shown: the one that was started here last, else the one whose data was opened. */
    run,
    report,
    /** What is known of the run that was started here last. */
    begun: own === undefined ? undefined : report.data?.report,
    active,
    question,
    answer: setQuestion,
    starting,
    refused,
    refuse: setRefused,
  };
}

export type Running = ReturnType<typeof useRunning>;
