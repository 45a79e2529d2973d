import 'uplot/dist/uPlot.min.css';

import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';

import type { HealthPoint, HealthRange } from '../../bindings/wire';
import { formatMs } from '../../lib/format';
import { moment } from './figures';
import { useHealthView } from './view';

const HEIGHT = 150;

/** Two lines, and a red tick on the axis where something failed. */
export default function Plot({ points, range }: { points: HealthPoint[]; range: HealthRange }) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  useEffect(() => {
    const host = place.current;
    if (!host) return undefined;
    const plot = new UPlot(options(host, points, range), columns(points), host);
    const resize = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: HEIGHT }));
    resize.observe(host);
    return () => {
      resize.disconnect();
      plot.destroy();
      useHealthView.setState({ at: undefined });
    };
    // Colours are read from the page when it is drawn.
  }, [points, range, scheme]);
  return <div ref={place} className="hl-plot" aria-hidden />;
}

function columns(points: HealthPoint[]): UPlot.AlignedData {
  return [points.map((point) => new Date(point.at).getTime() / 1_000), points.map((point) => point.p50Ms), points.map((point) => point.p95Ms)];
}

function options(host: HTMLElement, points: HealthPoint[], range: HealthRange): UPlot.Options {
  const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const [text, line, bad] = [token('--text-2'), token('--line'), token('--bad')];
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const stroke = (colour: string): UPlot.Series => ({ stroke: colour, width: 1.5, points: { show: true, size: 5, fill: colour, filter: alone }, spanGaps: false });
  return {
    width: host.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 34, 0, 0],
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max((most ?? 0) * 1.15, 10)] } },
    series: [{}, stroke('#5c68e6'), stroke('#d08700')],
    axes: [
      { stroke: text, font, size: 30, grid: { show: false }, ticks: { stroke: line, size: 5 }, space: range === '7d' ? 96 : 72, values: (_, splits) => splits.map((at) => moment(at * 1_000, range)) },
      { stroke: text, font, size: 64, grid: { stroke: line, width: 1 }, ticks: { show: false }, space: 34, values: (_, splits) => splits.map((ms) => formatMs(ms)) },
    ],
    hooks: {
      setCursor: [(plot) => useHealthView.setState({ at: plot.cursor.idx ?? undefined })],
      draw: [
        (plot) => {
          const { ctx, bbox } = plot;
          ctx.save();
          ctx.fillStyle = bad;
          for (const point of points) {
            if (point.failed === 0) continue;
            const x = plot.valToPos(new Date(point.at).getTime() / 1_000, 'x', true);
            ctx.fillRect(Math.round(x) - devicePixelRatio, bbox.top + bbox.height - 10 * devicePixelRatio, 2 * devicePixelRatio, 10 * devicePixelRatio);
          }
          ctx.restore();
        },
      ],
    },
  };
}

/** Points between two gaps have no line: they are drawn as dots. */
function alone(plot: UPlot, series: number): number[] {
  const values = plot.data[series] as (number | null)[];
  return values.flatMap((value, at) => (value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null ? [at] : []));
}
