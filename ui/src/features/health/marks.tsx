import type { CheckBar, HealthRow } from '../../bindings/wire';
import { formatMsOr, formatUntil } from '../../lib/format';
import { t } from '../../lib/words';
import { moment } from './figures';
import { useNow } from '../../ui/useNow';
import { useHealthView } from './view';

const HALF_HOUR = 1_800_000;

/** 48 bars, one per half hour. They differ in colour and in shape: whole, cut once, cut twice, hollow. */
export function Strip({ checks, at }: { checks: CheckBar[]; at: string }) {
  const first = Math.floor(new Date(at).getTime() / HALF_HOUR) * HALF_HOUR - (checks.length - 1) * HALF_HOUR;
  const sum = (of: (bar: CheckBar) => number) => checks.reduce((all, bar) => all + of(bar), 0);
  const words = t('health.strip', { ok: sum((bar) => bar.ok), failed: sum((bar) => bar.failed) });
  return (
    <svg className="hl-strip" width={checks.length * 3} height={20} role="img" aria-label={words}>
      {checks.map((bar, index) => {
        const time = moment(first + index * HALF_HOUR, '24h');
        const about = bar.ok + bar.failed === 0 ? t('health.barNone', { time }) : t('health.bar', { time, ok: bar.ok, failed: bar.failed });
        return (
          <g key={index} transform={`translate(${index * 3} 0)`} className={look(bar)}>
            <title>{about}</title>
            <rect width={3} height={20} className="hl-bar-room" />
            {pieces(bar).map(([y, height]) => (
              <rect key={y} y={y} width={2} height={height} />
            ))}
          </g>
        );
      })}
    </svg>
  );
}

const look = ({ ok, failed }: CheckBar): string => (ok + failed === 0 ? 'none' : failed === 0 ? 'ok' : ok === 0 ? 'bad' : 'warn');

function pieces(bar: CheckBar): [number, number][] {
  switch (look(bar)) {
    case 'ok':
      return [[0, 20]];
    case 'bad':
      return [[0, 9], [11, 9]];
    case 'warn':
      return [[0, 6], [7, 6], [14, 6]];
    default:
      return [[19, 1]];
  }
}

const WIDTH = 132;
const HEIGHT = 26;

/** How long answers took, over the range. */
export function Sparkline({ row }: { row: HealthRow }) {
  const at = useHealthView((state) => state.at);
  const values = row.line.filter((value) => value !== null);
  if (values.length === 0) return <span className="hl-quiet">{t('health.lineNone')}</span>;
  const most = Math.max(...values);
  const x = (index: number) => (index / Math.max(row.line.length - 1, 1)) * (WIDTH - 4) + 2;
  const y = (value: number) => HEIGHT - 3 - (value / Math.max(most, 1)) * (HEIGHT - 6);
  const tone = row.paused ? 'idle' : row.health;
  const under = at === undefined ? null : (row.line[at] ?? null);
  return (
    <svg className={`hl-line ${tone}`} width={WIDTH} height={HEIGHT} role="img" aria-label={t('health.lineAbout', { least: formatMsOr(Math.min(...values)), most: formatMsOr(most) })}>
      {stretches(row.line).map((stretch) =>
        stretch.length === 1 && stretch[0] ? (
          <circle key={stretch[0][0]} cx={x(stretch[0][0])} cy={y(stretch[0][1])} r={1.5} className="hl-line-dot" />
        ) : (
          <polyline key={stretch[0]?.[0]} points={stretch.map(([index, value]) => `${x(index)},${y(value)}`).join(' ')} />
        ),
      )}
      {at !== undefined && <line x1={x(at)} x2={x(at)} y1={0} y2={HEIGHT} className="hl-cross" />}
      {at !== undefined && under !== null && <circle cx={x(at)} cy={y(under)} r={2.5} className="hl-line-dot" />}
    </svg>
  );
}

/** The parts of a line between its gaps. */
function stretches(line: (number | null)[]): [number, number][][] {
  const all: [number, number][][] = [];
  line.forEach((value, index) => {
    if (value === null) return;
    if (index > 0 && line[index - 1] !== null) all.at(-1)?.push([index, value]);
    else all.push([[index, value]]);
  });
  return all;
}

/** Whether calls pass, and when they do again. */
export function Circuit({ row }: { row: Pick<HealthRow, 'circuit' | 'circuitWhy' | 'nextTryAt'> }) {
  const now = useNow(1_000);
  const text = row.circuit === 'open' && row.nextTryAt ? t('health.circuit.openUntil', { time: formatUntil(row.nextTryAt, now) }) : t(`health.circuit.${row.circuit}`);
  return (
    <span className={row.circuit === 'open' ? 'hl-bad' : row.circuit === 'half_open' ? 'hl-warn' : undefined} title={row.circuitWhy ?? undefined}>
      {text}
    </span>
  );
}
