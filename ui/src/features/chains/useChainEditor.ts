import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';

import type { Chain, Finding, Problem } from '../../bindings/wire';
import { useRead, useWorkspace } from '../../engine';
import { t } from '../../lib/words';
import { hold, platform, toProblem } from '../../platform';
import { withdraw } from '../../ui/toasts/toast';
import { emptyChain } from './document';
import { saveChain } from './editor/saveChain';
import { sampleOf, useSample } from './sample';
import { forgetUnsaved, holdUnsaved, unsavedOf, useHeld } from './unsaved';

/** Changes are kept after this much rest. */
const REST_MS = 400;

/** The confirmation of the last edit. */
export const EDITED = 'edited';

/** So many steps back. */
const UNDO = 50;

/** A chain while it is edited. */
export interface ChainEditor {
  /** None for a chain that is not kept yet. */
  id: string | undefined;
  version: number;
  chain: Chain | undefined;
  /** What the engine found when it was kept last; nothing before that. */
  findings: Finding[] | undefined;
  state: 'draft' | 'saved' | 'saving' | 'failed';
  /** Why it could not be kept, or read. */
  problem: Problem | undefined;
  change: (update: (chain: Chain) => Chain) => void;
  undo: () => void;
  redo: () => void;
  canUndo: boolean;
  canRedo: boolean;
  /** Keeps what is open and says what is kept; nothing where that failed. */
  flush: () => Promise<{ id: string; version: number } | undefined>;
  retry: () => void;
  /** Settles that the chain was saved elsewhere meanwhile: what is there is taken, or what is here saved as a copy, or over it. */
  settle: (how: 'theirs' | 'copy' | 'mine') => void;
  /** Lets go of what is not kept. */
  drop: () => void;
}

/** A chain that is not kept yet. One that was opened with a signal waits for others like it. */
function begun(): Chain {
  const sample = sampleOf(useSample.getState().sample, undefined);
  const chain = emptyChain(t('chains.untitled'));
  return sample ? { ...chain, trigger: { type: 'signal', connection: sample.connection, stream: sample.stream } } : chain;
}

/** Loads a chain, keeps each change by itself, and takes changes back. */
export function useChainEditor(reference: string, onCreated: (id: string) => void): ChainEditor {
  const fresh = reference === 'new';
  const client = useQueryClient();
  const read = useRead('chain_export', { chain: reference }, { enabled: !fresh });
  const [id, setId] = useState<string | undefined>(fresh ? undefined : reference);
  const [version, setVersion] = useState(0);
  // What could not be kept when it was left goes on where it was.
  const [left] = useState(() => unsavedOf(useWorkspace.getState().name, id));
  const [chain, setChain] = useState<Chain | undefined>(left?.chain ?? (fresh ? begun : undefined));
  const [findings, setFindings] = useState<Finding[]>();
  const [state, setState] = useState<ChainEditor['state']>(left ? 'failed' : fresh ? 'draft' : 'saved');
  const [problem, setProblem] = useState<Problem | undefined>(left?.problem);
  const [past, setPast] = useState<Chain[]>([]);
  const [future, setFuture] = useState<Chain[]>([]);

  const created = useRef(onCreated);
  useEffect(() => {
    created.current = onCreated;
  });

  // What a save that is under way must know when it ends.
  const now = useRef({ id, chain, edits: left ? 1 : 0, saved: 0, saving: undefined as Promise<boolean> | undefined, timer: 0, version: left?.base ?? 0, workspace: useWorkspace.getState().name, problem: left?.problem });

  useEffect(() => {
    const found = read.data;
    if (!found || fresh) return;
    const current = now.current;
    // Changed in another window: taken over unless something of ours is still to be kept.
    const isOther = current.version > 0 && found.id !== current.id;
    if (!isOther && current.edits === current.saved && found.version > current.version) {
      current.id = found.id;
      current.chain = found.chain;
      current.version = found.version;
      // What it would take back is none of this version's.
      withdraw(EDITED);
      setId(found.id);
      setChain(found.chain);
      setVersion(found.version);
    }
  }, [read.data, fresh]);

  const keep = useCallback(async (asCopy = false): Promise<boolean> => {
    const current = now.current;
    const own = asCopy ? undefined : current.id;
    const edits = current.edits;
    const document = current.chain;
    if (!document || document.steps.length === 0) {
      setState(current.id ? 'failed' : 'draft');
      current.problem = current.id ? { code: 'INPUT_INVALID', title: t('chains.emptyTitle'), hint: t('chains.emptyHint') } : undefined;
      setProblem(current.problem);
      return false;
    }
    setState('saving');
    try {
      const kept = await saveChain(current.workspace, own, document, asCopy ? 0 : current.version);
      const first = own === undefined;
      forgetUnsaved(current.workspace, current.id);
      Object.assign(current, { saved: edits, version: kept.version, id: kept.id });
      setId(kept.id);
      setVersion(kept.version);
      setFindings(kept.findings);
      setProblem(undefined);
      if (current.edits === edits) {
        // The matcher has filled what was open.
        current.chain = kept.chain;
        setChain(kept.chain);
        setState('saved');
      } else if (current.chain?.name === document.name) {
        // Edited meanwhile: what is newer stays, under the name that was free.
        current.chain = { ...current.chain, name: kept.chain.name };
        setChain(current.chain);
      }
      for (const command of ['chain_fields', 'chain_list', 'chain_export', 'pin_list', 'pin_show']) void client.invalidateQueries({ queryKey: [command] });
      if (first) created.current(kept.id);
      return true;
    } catch (error) {
      current.problem = toProblem(error);
      setProblem(current.problem);
      setState('failed');
      return false;
    }
  }, [client]);

  /** One save at a time, until what is shown is what is kept. */
  const save = useCallback(async (): Promise<boolean> => {
    const current = now.current;
    window.clearTimeout(current.timer);
    while (current.saving) await current.saving;
    while (current.edits !== current.saved) {
      current.saving = keep();
      const done = await current.saving;
      current.saving = undefined;
      if (!done) return false;
    }
    return true;
  }, [keep]);

  const put = useCallback(
    (next: Chain, rest = REST_MS) => {
      const current = now.current;
      // What it would take back is not the last edit any more.
      withdraw(EDITED);
      current.chain = next;
      current.edits += 1;
      setChain(next);
      window.clearTimeout(current.timer);
      current.timer = window.setTimeout(() => void save(), rest);
    },
    [save],
  );

  const change = useCallback(
    (update: (chain: Chain) => Chain) => {
      const before = now.current.chain;
      if (!before) return;
      const next = update(before);
      if (next === before) return;
      setPast((all) => [...all.slice(1 - UNDO), before]);
      setFuture([]);
      // The first step makes the chain: nothing of it is lost by leaving.
      put(next, now.current.id ? REST_MS : 0);
    },
    [put],
  );

  const undo = useCallback(() => {
    const [before, current] = [past.at(-1), now.current.chain];
    if (!before || !current) return;
    setPast(past.slice(0, -1));
    setFuture([current, ...future]);
    put(before);
  }, [past, future, put]);

  const redo = useCallback(() => {
    const [next, current] = [future[0], now.current.chain];
    if (!next || !current) return;
    setFuture(future.slice(1));
    setPast([...past, current]);
    put(next);
  }, [past, future, put]);

  const settle = useCallback(
    async (how: 'theirs' | 'copy' | 'mine') => {
      const current = now.current;
      window.clearTimeout(current.timer);
      while (current.saving) await current.saving;
      const { id: own, chain: mine, workspace } = current;
      if (!own || !mine) return;
      if (how === 'copy') {
        current.saving = keep(true);
        await current.saving;
        current.saving = undefined;
        // What was typed meanwhile belongs to the copy.
        await save();
        return;
      }
      if (how === 'mine') {
        current.version = 0;
        await save();
        return;
      }
      try {
        const found = await platform.call(workspace, 'chain_export', { chain: own });
        forgetUnsaved(workspace, own);
        withdraw(EDITED);
        Object.assign(current, { id: found.id, chain: found.chain, version: found.version, saved: current.edits, problem: undefined });
        // Mine is one step back.
        setPast((all) => [...all.slice(1 - UNDO), mine]);
        setFuture([]);
        setChain(found.chain);
        setVersion(found.version);
        setFindings(undefined);
        setState('saved');
        setProblem(undefined);
      } catch (error) {
        setProblem(toProblem(error));
      }
    },
    [keep, save],
  );

  // What came back is tried once more; leaving keeps what is open, or holds on to it.
  useEffect(() => {
    const current = now.current;
    if (left) void save();
    return () => {
      // Nobody could see what its Undo did.
      withdraw(EDITED);
      const name = current.chain?.name;
      const release = name !== undefined && current.edits !== current.saved ? hold({ names: () => [name], keep: save }) : undefined;
      void save().then((done) => {
        const { workspace, id, chain, problem, edits, saved, version } = current;
        if (!done && chain && problem && edits !== saved) holdUnsaved({ workspace, id, chain, problem, base: version });
        release?.();
      });
    };
  }, [left, save]);
  useHeld({
    names: () => {
      const { id, chain, edits, saved } = now.current;
      return chain && edits !== saved && (id !== undefined || chain.steps.length > 0) ? [chain.name] : [];
    },
    keep: save,
  });

  return {
    id,
    version,
    chain,
    findings,
    state,
    problem: problem ?? (read.isError && !chain ? toProblem(read.error) : undefined),
    change,
    undo,
    redo,
    canUndo: past.length > 0,
    canRedo: future.length > 0,
    flush: async () => {
      const { id, version } = (await save()) ? now.current : { id: undefined, version: 0 };
      return id === undefined ? undefined : { id, version };
    },
    drop: () => {
      now.current.saved = now.current.edits;
      forgetUnsaved(now.current.workspace, now.current.id);
    },
    settle: (how) => void settle(how),
    retry: () => void (read.isError || !chain ? read.refetch() : save()),
  };
}
