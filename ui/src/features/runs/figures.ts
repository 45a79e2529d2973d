// What the report's figures say, without a screen.
import type { ItemProblem, JsonValue, Problem, RunReport, RunState, StepReport, StepState } from '../../bindings/wire';

const FINAL: ReadonlySet<RunState> = new Set<RunState>(['done', 'done_with_problems', 'failed', 'failed_undone', 'stopped']);
const FAILED: ReadonlySet<RunState> = new Set<RunState>(['failed', 'failed_undone']);
const ENDED: ReadonlySet<StepState> = new Set<StepState>(['done', 'skipped', 'undone', 'could_not_undo']);
const BAD_STEP: ReadonlySet<StepState> = new Set<StepState>(['failed', 'not_known', 'could_not_undo']);

/** Nothing more happens in it. */
export const isFinal = (state: RunState): boolean => FINAL.has(state);
/** It works, or will without the user. */
export const isActive = (run: { state: RunState; interrupted: boolean }): boolean => !run.interrupted && !FINAL.has(run.state) && run.state !== 'needs_you';
/** It did not reach what it was for. */
export const isFailed = (state: RunState): boolean => FAILED.has(state);
/** A step's state that is worth interrupting for. */
export const isBadStep = (state: StepState): boolean => BAD_STEP.has(state);

/** Milliseconds from one moment to another, or until now; none without a beginning. */
export function durationMs(from: string | null, to: string | null, now: number): number | undefined {
  if (from === null) return undefined;
  return Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from));
}

/** Whether a step has no item left to work on. A failed one may still go on with its other items. */
export function stepEnded(step: StepReport, run: RunState): boolean {
  if (isFinal(run) || ENDED.has(step.state)) return true;
  return step.state === 'failed' && step.finishedAt !== null;
}

/** Until when things went on: the end, now, or where nobody works on it the last moment that is known. */
export function lastMoment(report: RunReport, now: number): number {
  if (report.finishedAt !== null) return Date.parse(report.finishedAt);
  if (isActive(report)) return Math.max(now, Date.parse(report.createdAt));
  const known = [report.createdAt, ...report.steps.flatMap((step) => [step.startedAt, step.finishedAt]), ...report.needsYou.map((question) => question.sentAt)];
  return Math.max(...known.flatMap((at) => (at === null ? [] : [Date.parse(at)])));
}

/** "4 of 6". */
export function progress(report: Pick<RunReport, 'steps' | 'state'>): { ended: number; total: number } {
  return { ended: report.steps.filter((step) => stepEnded(step, report.state)).length, total: report.steps.length };
}

/** Where a step's bar lies, in per cent of the whole run; and how much of it was calling, how much waiting to try again. */
export interface Span {
  left: number;
  width: number;
  calling: number;
  retrying: number;
  afterMs: number;
  tookMs: number;
}

/** The bar of each step; none for a step that has not begun. */
export function spans(report: RunReport, now: number): { wholeMs: number; bars: (Span | undefined)[] } {
  const from = Date.parse(report.createdAt);
  const end = lastMoment(report, now);
  const wholeMs = Math.max(end - from, 1);
  const bars = report.steps.map((step): Span | undefined => {
    if (step.startedAt === null) return undefined;
    const began = Math.min(Math.max(Date.parse(step.startedAt), from), end);
    const over = step.finishedAt === null ? end : Math.min(Date.parse(step.finishedAt), end);
    const tookMs = Math.max(over - began, 0);
    // Items are worked on side by side, so their calls can take longer than the step.
    const calling = tookMs === 0 ? (step.calls > 0 ? 100 : 0) : Math.min(100, (step.callMs / tookMs) * 100);
    return {
      left: ((began - from) / wholeMs) * 100,
      width: (tookMs / wholeMs) * 100,
      calling,
      retrying: tookMs === 0 ? 0 : Math.min(100 - calling, (step.retryWaitMs / tookMs) * 100),
      afterMs: began - from,
      tookMs,
    };
  });
  return { wholeMs, bars };
}

/** Items as a person counts them, from 1: "1–4, 6". */
export function itemRanges(items: readonly number[]): string {
  const sorted = [...new Set(items)].sort((a, b) => a - b);
  const parts: [number, number][] = [];
  for (const item of sorted) {
    const last = parts.at(-1);
    if (last && last[1] === item - 1) last[1] = item;
    else parts.push([item, item]);
  }
  return parts.map(([a, b]) => (a === b ? `${a + 1}` : a + 1 === b ? `${a + 1}, ${b + 1}` : `${a + 1}–${b + 1}`)).join(', ');
}

/** So many items, and which ones where the report says. */
export interface Some {
  count: number;
  items?: number[];
}

/** What became of a step's items. */
export interface Outcomes {
  through: Some;
  undone: Some;
  failed: Some;
  notKnown: Some;
  left: Some;
}

/** Which items got through and which did not. The report names those with problems; where all of those are named, the rest follows. */
export function outcomes(step: StepReport, report: Pick<RunReport, 'needsYou' | 'undo' | 'state'>): Outcomes {
  const bad = step.failed + step.quarantined;
  const listed = step.problems.map((p) => p.item);
  // Items that wait for another try are listed too while the run goes on.
  const failed: Some = listed.length === bad ? { count: bad, items: listed } : { count: bad };
  const asked = report.needsYou.filter((q) => q.step === step.step && q.problem.code !== 'RUN_STUCK' && q.problem.code !== 'EFFECTS_USED_UP').map((q) => q.item);
  const notKnown: Some = asked.length === step.unknown ? { count: step.unknown, items: asked } : { count: step.unknown };
  const undone = report.undo.filter((u) => u.step === step.step && u.undone).map((u) => u.item);
  const named = failed.items && notKnown.items ? new Set([...failed.items, ...notKnown.items]) : undefined;
  const rest = named && Array.from({ length: step.itemsIn }, (_, item) => item).filter((item) => !named.has(item));
  const through: Some = { count: Math.max(0, step.done - undone.length) };
  const left: Some = { count: step.skipped };
  if (rest && rest.length === step.done) through.items = rest.filter((item) => !undone.includes(item));
  if (rest && rest.length === step.skipped) left.items = rest;
  if (through.count === 0) through.items = [];
  if (left.count === 0) left.items = [];
  return { through, undone: { count: undone.length, items: undone }, failed, notKnown, left };
}

/** Whether every item of every step got through. */
export const allThrough = (report: RunReport): boolean =>
  report.undo.length === 0 && report.steps.every((step) => step.done === step.itemsIn && step.itemsIn > 0);

/** Equal problems once, with the items they befell. */
export function groupProblems(problems: readonly ItemProblem[]): { problem: Problem; items: number[] }[] {
  const groups = new Map<string, { problem: Problem; items: number[] }>();
  for (const { item, problem } of problems) {
    const key = JSON.stringify([problem.code, problem.title, problem.hint, problem.detail]);
    const group = groups.get(key);
    if (group) group.items.push(item);
    else groups.set(key, { problem, items: [item] });
  }
  return [...groups.values()];
}

/** Requests that were built and not sent. */
export const shownCount = (step: StepReport): number =>
  Math.max(0, step.itemsIn - step.done - step.failed - step.quarantined - step.skipped - step.unknown);

const LINKS = ['html_url', 'web_url', 'webUrl', 'permalink', 'url', 'link', 'self'];

/** The page of what a service made, where its answer names one. */
export function linkIn(value: JsonValue | null | undefined): URL | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  for (const key of LINKS) {
    const text = value[key];
    if (typeof text !== 'string' || !URL.canParse(text)) continue;
    const url = new URL(text);
    if (url.protocol === 'https:' && url.username === '' && url.password === '') return url;
  }
  return undefined;
}

/** A file's name made of the chain's. */
export function fileName(chain: string, run: string, ending: string): string {
  const plain = chain.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const slug = plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60);
  return `${slug || 'run'}-${run.slice(-8)}.${ending}`;
}

/** Steps that ended between two reports of the same run, and whether each is worth interrupting for. */
export function endedBetween(before: RunReport, after: RunReport): { at: number; step: StepReport; loud: boolean }[] {
  return after.steps.flatMap((step, at) => {
    const was = before.steps[at];
    const changed = was !== undefined && was.state !== step.state && (stepEnded(step, after.state) || isBadStep(step.state));
    return changed ? [{ at: at + 1, step, loud: isBadStep(step.state) }] : [];
  });
}

/** The same run before anything of it happened. */
export const notBegun = (report: RunReport): RunReport => ({ ...report, state: 'queued', needsYou: [], steps: report.steps.map((step) => ({ ...step, state: 'waiting', finishedAt: null })) });

/** How many steps did something outside that nobody has tried to undo. What only reads leaves nothing behind. */
export function undoable(report: RunReport): number {
  if (report.dryRun || !isFinal(report.state)) return 0;
  const tried = new Set(report.undo.map((undo) => undo.step));
  return report.steps.filter((step) => step.effect && step.done > 0 && !tried.has(step.step)).length;
}

/** Whether something of a run can be done once more. */
export const canRunFailed = (report: RunReport): boolean =>
  report.finishedAt !== null && !report.dryRun && report.steps.some((step) => step.failed + step.quarantined + step.skipped > 0 || step.state === 'undone' || step.state === 'waiting');
