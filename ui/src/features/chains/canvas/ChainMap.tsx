import { Panel, useReactFlow, useStore } from '@xyflow/react';
import { useMemo, useRef, type PointerEvent } from 'react';

import { t } from '../../../lib/words';
import { HEIGHT, WAY, WIDTH, type Flow } from '../flow/flow';

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Props {
  flow: Flow;
  /** The user has moved what is in sight. */
  onMove: () => void;
}

/** How round the corners of a step are, in pixels of the chain. */
const ROUND = 5;
/** Around what the map shows, in pixels of the map. */
const AROUND = 5;

/**
 * The whole chain, small, with what is in sight of it; dragging moves that. All steps are one shape, and only
 * what lies around it changes while the chain is moved.
 */
export function ChainMap({ flow, onMove }: Props) {
  const view = useReactFlow();
  const sight = useStore((state) => state.width);
  const sightHeight = useStore((state) => state.height);
  const [x, y, zoom] = useStore((state) => state.transform);
  const boxes = useMemo(() => boxesOf(flow), [flow]);
  const steps = useMemo(() => boxes.map(rounded).join(''), [boxes]);
  const whole = useMemo(() => around(boxes), [boxes]);
  const size = mapSize(flow, { width: sight, height: sightHeight });
  const seen = { x: -x / zoom, y: -y / zoom, width: sight / zoom, height: sightHeight / zoom };
  const shown = around([whole, seen]);
  /** Pixels of the chain in one of the map. */
  const scale = Math.max(shown.width / size.width, shown.height / size.height);
  const [wide, high] = [scale * (size.width + 2 * AROUND), scale * (size.height + 2 * AROUND)];
  const [left, top] = [shown.x - (wide - shown.width) / 2, shown.y - (high - shown.height) / 2];
  const from = useRef<[number, number]>(undefined);
  const drag = ({ clientX, clientY }: PointerEvent) => {
    if (!from.current) return;
    const [fromX, fromY] = from.current;
    from.current = [clientX, clientY];
    const now = view.getViewport();
    void view.setViewport({ x: now.x - (clientX - fromX) * scale * now.zoom, y: now.y - (clientY - fromY) * scale * now.zoom, zoom: now.zoom });
    onMove();
  };
  const end = () => {
    from.current = undefined;
  };
  return (
    <Panel
      position="top-right"
      className="canvas-map"
      style={size}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        from.current = [event.clientX, event.clientY];
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={drag}
      onPointerUp={end}
      onPointerCancel={end}
    >
      <svg role="img" width={size.width} height={size.height} viewBox={`${left} ${top} ${wide} ${high}`}>
        <title>{t('chains.flow.map')}</title>
        <path className="canvas-map-steps" d={steps} />
        <path className="canvas-map-shade" d={edges({ x: left, y: top, width: wide, height: high }) + edges(seen)} />
      </svg>
    </Panel>
  );
}

/** The map's own size, in the proportions of what it shows, the chain and what is in sight of it: a long chain has a long map. */
function mapSize(flow: Flow, sight: { width: number; height: number }) {
  const shape = Math.max(flow.width, sight.width) / Math.max(flow.height, sight.height, 1);
  const height = Math.min(200 / shape, Math.max(120, Math.min(480, sight.height - 64)));
  return { height: Math.round(height), width: Math.round(Math.max(64, height * shape)) };
}

const boxesOf = (flow: Flow): Box[] => [
  ...flow.frames,
  ...flow.items.map(({ x, y, kind }) => ({ x, y, width: WIDTH, height: kind === 'step' ? HEIGHT : WAY })),
];

/** The smallest box around boxes. */
function around(boxes: Box[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    left = Math.min(left, box.x);
    top = Math.min(top, box.y);
    right = Math.max(right, box.x + box.width);
    bottom = Math.max(bottom, box.y + box.height);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

const edges = ({ x, y, width, height }: Box): string => `M${x} ${y}h${width}v${height}h${-width}z`;

const rounded = ({ x, y, width, height }: Box): string => {
  const [across, down] = [width - 2 * ROUND, height - 2 * ROUND];
  return `M${x + ROUND} ${y}h${across}q${ROUND} 0 ${ROUND} ${ROUND}v${down}q0 ${ROUND} ${-ROUND} ${ROUND}h${-across}q${-ROUND} 0 ${-ROUND} ${-ROUND}v${-down}q0 ${-ROUND} ${ROUND} ${-ROUND}z`;
};
