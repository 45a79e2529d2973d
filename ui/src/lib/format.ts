import { locale } from './locale';

const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayTime = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
const count = new Intl.NumberFormat(locale);

/**
 * A figure and its unit as one thing, written from left to right. Beside a name that is written from right to left
 * "68 ms" would turn into "ms 68", wherever the two meet: in a sentence, in a line of facts, in a label.
 */
const oneFigure = (text: string): string => `\u2066${text}\u2069`;

/** A number with separators. */
export const formatCount = (value: number): string => count.format(value);

const bytes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'].map((unit) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: unit === 'byte' ? 'long' : 'short', maximumSignificantDigits: 3 }));

/** A size as a person says it: "18.4 MB". */
export function formatBytes(size: number): string {
  const place = Math.min(bytes.length - 1, size < 1_000 ? 0 : Math.floor(Math.log10(size) / 3));
  return oneFigure(bytes[place]?.format(size / 1_000 ** place) ?? '');
}

const percents = [0, 1].map((digits) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }));

/** A part of one as a person says it: "98.7%". */
export const formatPercent = (part: number, digits: 0 | 1 = 1): string => oneFigure(percents[digits]?.format(part) ?? '');

/** Milliseconds as a person says them: "307 ms", "4.2 s", "3 min". */
export const formatMs = (ms: number): string => oneFigure(inWords(ms));

function inWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** How long until then: "40 s", "5 min". */
export function formatUntil(at: string, now: Date): string {
  const seconds = Math.max(0, Math.ceil((new Date(at).getTime() - now.getTime()) / 1_000));
  return oneFigure(seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`);
}

/** What stands where there is nothing to say: not measured, not known, not there. */
export const DASH = '–';

/** Milliseconds; a dash where nothing was measured. */
export const formatMsOr = (ms: number | null | undefined): string => (ms === null || ms === undefined ? DASH : formatMs(ms));

/** Times that belong together: "12 ms / 40 ms"; one dash where none was measured. */
export const formatTimes = (...times: readonly (number | null)[]): string => (times.every((ms) => ms === null) ? DASH : oneFigure(times.map((ms) => (ms === null ? DASH : inWords(ms))).join(' / ')));

/** A moment in full: the day where it is not today. */
export function formatMoment(at: string, now: Date = new Date()): string {
  const date = new Date(at);
  return oneFigure(date.toDateString() === now.toDateString() ? time.format(date) : dayTime.format(date));
}

/** "3 min ago". */
export function formatAgo(at: string, now: Date = new Date()): string {
  const seconds = Math.round((new Date(at).getTime() - now.getTime()) / 1_000);
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, 'second'],
    [3_600, 'minute'],
    [86_400, 'hour'],
    [Number.POSITIVE_INFINITY, 'day'],
  ];
  let divisor = 1;
  for (const [limit, unit] of steps) {
    if (Math.abs(seconds) < limit) return oneFigure(relative.format(Math.round(seconds / divisor), unit));
    divisor = limit;
  }
  return oneFigure(dayTime.format(new Date(at)));
}

/** A value on one short line. */
export function formatValue(value: unknown, longest = 80): string {
  if (value === undefined || value === null) return '';
  // What is not shown is not written out either: a value may be as long as a book.
  const text = typeof value === 'string' ? value.slice(0, longest * 4) : beginning(value, longest * 2);
  const line = visible(text).replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** JSON of which at least so many characters are right, where it has as many. */
function beginning(value: unknown, longest: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, longest));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const list = Array.isArray(value);
  let text = list ? '[' : '{';
  let first = true;
  for (const key in value) {
    if (text.length > longest) break;
    const own = (value as Record<string, unknown>)[key];
    text += `${first ? '' : ','}${list ? '' : `${JSON.stringify(key.slice(0, longest))}:`}${beginning(own, longest - text.length)}`;
    first = false;
  }
  return text + (list ? ']' : '}');
}

/** Text from a service without what would change the direction or the screen: control and bidi characters. */
export function visible(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '');
}
