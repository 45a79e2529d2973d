import {
  AlertTriangle,
  CheckCircle2,
  Circle,
  CircleHelp,
  Clock,
  Loader,
  Pause,
  RotateCcw,
  SkipForward,
  Undo2,
  XCircle,
  type LucideIcon,
} from 'lucide-react';

import type { ConnectionState, HealthState, RunState, StepState } from '../bindings/wire';
import { t, type WordKey } from '../lib/words';

/** What a state looks like: the third cue; word and icon come first. */
export type Tone = 'ok' | 'warn' | 'bad' | 'run' | 'idle';

interface Look {
  word: WordKey;
  tone: Tone;
  icon: LucideIcon;
}

/** One vocabulary: the same state has the same word, icon and colour everywhere. */
export const CONNECTION: Record<ConnectionState | 'paused', Look> = {
  disconnected: { word: 'state.disconnected', tone: 'idle', icon: Circle },
  connecting: { word: 'state.connecting', tone: 'run', icon: Loader },
  authenticating: { word: 'state.authenticating', tone: 'run', icon: Loader },
  testing: { word: 'state.testing', tone: 'run', icon: Loader },
  connected: { word: 'state.connected', tone: 'ok', icon: CheckCircle2 },
  active: { word: 'state.active', tone: 'run', icon: Loader },
  stale: { word: 'state.stale', tone: 'warn', icon: AlertTriangle },
  error: { word: 'state.error', tone: 'bad', icon: XCircle },
  paused: { word: 'state.paused', tone: 'idle', icon: Pause },
};

/** How a connection is doing. */
export const HEALTH: Record<HealthState, Look> = {
  error: { word: 'health.state.error', tone: 'bad', icon: XCircle },
  degraded: { word: 'health.state.degraded', tone: 'warn', icon: AlertTriangle },
  no_recent_data: { word: 'health.state.no_recent_data', tone: 'idle', icon: CircleHelp },
  healthy: { word: 'health.state.healthy', tone: 'ok', icon: CheckCircle2 },
};

/** How a run is. */
export const RUN: Record<RunState, Look> = {
  queued: { word: 'run.queued', tone: 'idle', icon: Clock },
  running: { word: 'run.running', tone: 'run', icon: Loader },
  waiting: { word: 'run.waiting', tone: 'run', icon: Clock },
  paused: { word: 'run.paused', tone: 'idle', icon: Pause },
  needs_you: { word: 'run.needsYou', tone: 'warn', icon: CircleHelp },
  done: { word: 'run.done', tone: 'ok', icon: CheckCircle2 },
  done_with_problems: { word: 'run.doneWithProblems', tone: 'warn', icon: AlertTriangle },
  failed: { word: 'run.failed', tone: 'bad', icon: XCircle },
  failed_undone: { word: 'run.failedUndone', tone: 'bad', icon: Undo2 },
  stopped: { word: 'run.stopped', tone: 'idle', icon: Circle },
};

/** How a step is. */
export const STEP: Record<StepState, Look> = {
  waiting: { word: 'step.waiting', tone: 'idle', icon: Circle },
  running: { word: 'step.running', tone: 'run', icon: Loader },
  retrying: { word: 'step.retrying', tone: 'run', icon: RotateCcw },
  done: { word: 'step.done', tone: 'ok', icon: CheckCircle2 },
  failed: { word: 'step.failed', tone: 'bad', icon: XCircle },
  skipped: { word: 'step.skipped', tone: 'idle', icon: SkipForward },
  not_known: { word: 'step.notKnown', tone: 'warn', icon: CircleHelp },
  undone: { word: 'step.undone', tone: 'idle', icon: Undo2 },
  could_not_undo: { word: 'step.couldNotUndo', tone: 'bad', icon: AlertTriangle },
};

/** Icon, word and colour of a state. */
export function Pill({ look, text }: { look: Look; text?: string }) {
  const Icon = look.icon;
  return (
    <span className={`pill ${look.tone}`} data-testid="pill">
      <Icon size={14} aria-hidden className={look.icon === Loader ? 'turning' : undefined} />
      {text ?? t(look.word)}
    </span>
  );
}

/** The icon alone, named for those who cannot see it. */
export function Mark({ look, size = 16 }: { look: Look; size?: number }) {
  const Icon = look.icon;
  return (
    <Icon
      size={size}
      role="img"
      aria-label={t(look.word)}
      className={`mark ${look.tone}${look.icon === Loader ? ' turning' : ''}`}
    />
  );
}
