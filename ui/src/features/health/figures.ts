// Figures as people read them.
import type { HealthOverview, HealthPoint, HealthRow } from '../../bindings/wire';
import { formatPercent } from '../../lib/format';
import { locale } from '../../lib/locale';

/** A part of a whole: "98.7%"; nothing where there is no whole. What is not all is never said to be all. */
export function share(part: number, whole: number): string | undefined {
  if (whole === 0) return undefined;
  const exact = part / whole;
  const shown = exact < 1 ? Math.min(exact, 0.999) : exact;
  return formatPercent(exact > 0 ? Math.max(shown, 0.001) : shown);
}

/** How much more or less than before, as a part of before; nothing below one percent. */
export function change(now: number | null, before: number | null): { up: boolean; by: string } | 'same' | undefined {
  if (now === null || before === null || before === 0) return undefined;
  const by = now / before - 1;
  if (Math.abs(by) < 0.01) return 'same';
  return { up: by > 0, by: formatPercent(Math.abs(by), 0) };
}

/** How many connections are how, those switched off apart. */
export function countStates(rows: HealthRow[]) {
  const count = { error: 0, degraded: 0, no_recent_data: 0, healthy: 0, paused: 0 };
  for (const row of rows) count[row.paused ? 'paused' : row.health] += 1;
  return count;
}

/** The connections that the header counts: the user's own, or those of the sandbox where there is nothing else; and how many of the sandbox it leaves out. */
export function counted(rows: HealthRow[]): { rows: HealthRow[]; apart: number } {
  const own = rows.filter((row) => !row.sandbox);
  return own.length === 0 ? { rows, apart: 0 } : { rows: own, apart: rows.length - own.length };
}

/** Whether a row is worth a look. */
export const isProblem = (row: HealthRow): boolean => !row.paused && (row.health === 'error' || row.health === 'degraded');

/** The points that say something. */
export const answered = (points: HealthPoint[]): HealthPoint[] => points.filter((point) => point.p95Ms !== null);

/** The point with the slowest answers. */
export function slowest(points: HealthPoint[]): HealthPoint | undefined {
  return answered(points).reduce<HealthPoint | undefined>((worst, point) => ((point.p95Ms ?? 0) > (worst?.p95Ms ?? -1) ? point : worst), undefined);
}

const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const dayClock = new Intl.DateTimeFormat(locale, { weekday: 'short', hour: '2-digit', minute: '2-digit' });

/** A moment on the axis of a range. */
export const moment = (at: string | number, range: HealthOverview['range']): string => (range === '7d' ? dayClock : clock).format(new Date(at));
