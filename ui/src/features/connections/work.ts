// What is being done with connections, and what came of it. It goes on when the screen is left.
import { create } from 'zustand';

import type { ConnectionState, ConnectionView, Problem, SyncReport, TestReport } from '../../bindings/wire';
import { queryClient, send } from '../../engine';
import { formatMs } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem, type CommandName } from '../../platform';

/** What came of a test or a reading. */
export interface Outcome {
  ok: boolean;
  text: string;
  /** A failure that the connection itself does not remember. */
  problem?: Problem;
}

interface Work {
  /** By the connection's name. */
  busy: Record<string, 'test' | 'sync' | 'pause'>;
  outcome: Record<string, Outcome>;
  /** For those who do not see the row. */
  said: string;
}

/** Work by connection. */
export const useWork = create<Work>(() => ({ busy: {}, outcome: {}, said: '' }));

const without = <T,>(record: Record<string, T>, name: string): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([other]) => other !== name));

/** Reads again what a change touches. */
export function readAgain(...commands: CommandName[]): void {
  for (const command of commands) void queryClient.invalidateQueries({ queryKey: [command] });
}

async function during(name: string, work: 'test' | 'sync' | 'pause', act: () => Promise<Outcome | undefined>): Promise<void> {
  if (useWork.getState().busy[name]) return;
  useWork.setState(({ busy, outcome }) => ({ busy: { ...busy, [name]: work }, outcome: without(outcome, name) }));
  let outcome: Outcome | undefined;
  try {
    outcome = await act();
  } catch (error) {
    const problem = toProblem(error);
    outcome = { ok: false, text: problem.title, problem };
  }
  useWork.setState((old) => ({
    busy: without(old.busy, name),
    outcome: outcome ? { ...old.outcome, [name]: outcome } : old.outcome,
    said: outcome ? t('connections.said', { name, text: outcome.text }) : old.said,
  }));
  readAgain('connection_list', 'connection_show', 'health');
}

/** Tests a connection. */
export const testConnection = (name: string): Promise<void> =>
  during(name, 'test', async () => tested((await send('connection_test', { name })).test));

/** Reads what is new. */
export const syncConnection = (name: string): Promise<void> =>
  during(name, 'sync', async () => {
    const { streams } = await send('connection_sync', { name });
    readAgain('signal_list');
    return synced(streams);
  });

/** Switches a connection off or on. */
export const pauseConnection = (name: string, paused: boolean): Promise<void> =>
  during(name, 'pause', async () => {
    await send('connection_pause', { name, paused });
    return undefined;
  });

/** Lets a connection use private addresses, as its problem's button says, and tests it. */
export async function allowPrivate(name: string): Promise<void> {
  await during(name, 'test', async () => {
    await send('connection_set', { name, config: {}, allowPrivate: true });
    return tested((await send('connection_test', { name })).test);
  });
}

/** A connection was renamed or is gone: what was said about it goes too. */
export const forget = (name: string): void => useWork.setState(({ busy, outcome }) => ({ busy: without(busy, name), outcome: without(outcome, name) }));

function tested(report: TestReport): Outcome {
  if (report.problem) return { ok: false, text: t('connections.testFailed') };
  const times = report.lines.flatMap((line) => (line.ms === null ? [] : [line.ms]));
  const time = times.reduce((sum, ms) => sum + ms, 0);
  return { ok: true, text: times.length > 0 ? t('connections.testPassedMs', { time: formatMs(time) }) : t('connections.testPassed') };
}

function synced(streams: SyncReport[]): Outcome {
  const sum = (of: (report: SyncReport) => number) => streams.reduce((all, report) => all + of(report), 0);
  const aside = sum((report) => report.quarantined);
  const count = sum((report) => report.new);
  const text = count > 0 ? t('connections.synced', { count }) : t('connections.syncedNothing');
  return { ok: true, text: aside > 0 ? `${text}, ${t('connections.aside', { count: aside })}` : text };
}

/** What a connection shows: its own state, or what is done with it now. */
export function shownState(connection: ConnectionView, busy: Work['busy'][string] | undefined): ConnectionState | 'paused' {
  if (busy === 'test') return 'testing';
  return connection.paused ? 'paused' : connection.state;
}

/** What is wrong with it, where something is. */
export function troubleOf(connection: ConnectionView, outcome: Outcome | undefined): Problem | undefined {
  if (outcome?.problem) return outcome.problem;
  return connection.paused ? undefined : (connection.lastError ?? undefined);
}

/** Whether it needs the user; such connections come first. */
export const isTroubled = (connection: ConnectionView, outcome: Outcome | undefined): boolean =>
  troubleOf(connection, outcome) !== undefined || (!connection.paused && (connection.state === 'error' || connection.state === 'stale'));
