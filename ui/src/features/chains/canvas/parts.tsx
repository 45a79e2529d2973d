import { BaseEdge, EdgeLabelRenderer, Handle, Position, useStore, type Edge, type EdgeProps, type Node, type NodeHandle, type NodeProps } from '@xyflow/react';
import { Plus } from 'lucide-react';

import { t } from '../../../lib/words';
import { HEIGHT, WAY, WIDTH, type Flow } from '../flow/flow';
import type { Place } from '../flow/outline';
import { StepCard, WayCard } from '../StepCard';
import type { StepCommands, StopView } from '../useStepViews';
import { MovingDash } from './MovingDash';
import { CHIPS } from './near';

interface Drawn {
  stop: StopView;
  selected: boolean;
  tabbable: boolean;
  open: (id: string) => void;
}
type StopNode = Node<Record<string, unknown> & Drawn, 'stop'>;
type FrameNode = Node<Record<string, never>, 'frame'>;
type LabelNode = Node<{ name: string }, 'label'>;
export type FlowNode = StopNode | FrameNode | LabelNode;
export type FlowLine = Edge<{ look: number; running: boolean; place: Place; add: (place: Place) => void }, 'flow'>;

export const nodeTypes = { stop: StopNodeView, frame: FrameView, label: LabelView };
export const edgeTypes = { flow: FlowEdge };

interface State extends Pick<StepCommands, 'open' | 'add'> {
  selected: string | undefined;
  focusable: string | undefined;
}

/** A dot at which lines end, in pixels; `.react-flow__handle` draws it. */
const DOT = 5;
/** Where lines end: in the middle of the upper and of the lower side. */
const endsAt = (height: number): NodeHandle[] => [
  { type: 'target', position: Position.Top, x: (WIDTH - DOT) / 2, y: -DOT / 2, width: DOT, height: DOT },
  { type: 'source', position: Position.Bottom, x: (WIDTH - DOT) / 2, y: height - DOT / 2, width: DOT, height: DOT },
];
const NO_ENDS: NodeHandle[] = [];
const STEP_ENDS = endsAt(HEIGHT);
const WAY_ENDS = endsAt(WAY);
const ends = (stop: StopView) => (stop.kind === 'step' ? STEP_ENDS : stop.kind === 'way' ? WAY_ENDS : NO_ENDS);

/** A size that is known, and where lines end: the library measures nothing, and draws lines at once. */
const sized = (width: number, height: number, handles: NodeHandle[]) => ({ width, height, measured: { width, height }, handles });

/** What the library draws. */
export function drawn(flow: Flow, stops: StopView[], { selected, focusable, open, add }: State): { nodes: FlowNode[]; edges: FlowLine[] } {
  const byId = new Map(stops.map((stop) => [stop.id, stop]));
  const names = new Map(stops.flatMap((stop) => (stop.kind === 'step' ? [[stop.id, stop.step.name] as const] : [])));
  const frames = flow.frames.map(
    (frame): FrameNode => ({
      id: `frame ${frame.of} ${frame.x} ${frame.y}`,
      type: 'frame',
      position: { x: frame.x, y: frame.y },
      data: {},
      ...sized(frame.width, frame.height, NO_ENDS),
      zIndex: -1,
    }),
  );
  // Over the lines, which would go through it.
  const labels = flow.frames.map(
    (frame): LabelNode => ({
      id: `label ${frame.of} ${frame.x} ${frame.y}`,
      type: 'label',
      position: { x: frame.x + 10, y: frame.y + 3 },
      data: { name: t('chains.perItem', { name: names.get(frame.of) ?? frame.of }) },
      ...sized(Math.min(frame.width, WIDTH + 28) - 20, 20, NO_ENDS),
    }),
  );
  const nodes = stops.map(
    (stop): StopNode => ({
      id: stop.id,
      type: 'stop',
      position: { x: stop.flow.x, y: stop.flow.y },
      data: { stop, selected: stop.id === selected, tabbable: stop.id === focusable, open },
      // So it is drawn out of sight too: without it Tab would not come in, and scrolling would take the focus away.
      dragging: stop.id === focusable,
      ...sized(WIDTH, stop.kind === 'step' ? HEIGHT : WAY, ends(stop)),
    }),
  );
  const edges = flow.edges.map((edge): FlowLine => {
    const to = byId.get(edge.to);
    const step = to?.kind === 'step' ? to.step : undefined;
    return {
      id: `${edge.from} ${edge.to}`,
      type: 'flow',
      source: edge.from,
      target: edge.to,
      // The library would read out an image, "Edge from", with the ids of two steps.
      domAttributes: { 'aria-hidden': true },
      data: { look: step?.look ?? 0, running: step?.state === 'running' || step?.state === 'retrying', place: edge.place, add },
    };
  });
  return { nodes: [...frames, ...labels, ...nodes], edges };
}

function StopNodeView({ data }: NodeProps<StopNode>) {
  const { stop, selected, tabbable, open } = data;
  if (stop.kind === 'section') return <div className="step-section">{stop.name}</div>;
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      {stop.kind === 'step' ? (
        <StepCard view={stop.step} selected={selected} tabbable={tabbable} withLook onOpen={open} />
      ) : (
        <WayCard stop={stop} selected={selected} tabbable={tabbable} onOpen={open} />
      )}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
}

/** Around what is done for each item of a list. */
function FrameView() {
  return <div className="canvas-frame" />;
}

function LabelView({ data }: NodeProps<LabelNode>) {
  return (
    <div className="canvas-frame-name cut" title={data.name}>
      <span>{data.name}</span>
    </div>
  );
}

function FlowEdge({ sourceX, sourceY, targetX, targetY, data }: EdgeProps<FlowLine>) {
  // A way bends off right below its branch, and comes back right above what follows.
  const across = targetX < sourceX ? targetY - 20 : sourceY + 22;
  const path = bent(sourceX, sourceY, targetX, targetY, across);
  const small = useStore((state) => state.transform[2] < CHIPS);
  if (!data) return null;
  const { look, running, place, add } = data;
  // On the straight part near the end that belongs to it alone.
  const [x, y] = targetX < sourceX ? [sourceX, sourceY + 16] : targetX > sourceX ? [targetX, targetY - 12] : [sourceX, (sourceY + Math.min(targetY, sourceY + 44)) / 2];
  const branches = targetX > sourceX;
  // Beside a step it grows away from it.
  const origin = targetX < sourceX ? '50% 0' : branches ? '50% 100%' : undefined;
  return (
    <>
      <BaseEdge path={path} className={look > 0 ? 'edge look' : running ? 'edge running' : 'edge'} />
      {running && look === 0 && (
        <EdgeLabelRenderer>
          <MovingDash from={[sourceX, sourceY]} to={[targetX, targetY]} across={across} />
        </EdgeLabelRenderer>
      )}
      {!small && (
        <EdgeLabelRenderer>
          <div className="edge-tools nodrag nopan" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px) scale(var(--chips, 1))`, transformOrigin: origin }}>
            {look > 0 && <span className="edge-chip">{t('chains.toCheck', { count: look })}</span>}
            {!branches && (
              <button type="button" className="edge-add" aria-label={t('chains.insertHere')} tabIndex={-1} onClick={() => add(place)}>
                <Plus size={14} aria-hidden />
              </button>
            )}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

/** Down, across at a height, and down again, with round corners. */
function bent(x: number, y: number, toX: number, toY: number, across: number): string {
  if (Math.abs(toX - x) < 1) return `M ${x} ${y} L ${toX} ${toY}`;
  const side = Math.sign(toX - x);
  const round = Math.min(8, Math.abs(toX - x) / 2, Math.max(across - y, 0), Math.max(toY - across, 0));
  return `M ${x} ${y} V ${across - round} Q ${x} ${across} ${x + side * round} ${across} H ${toX - side * round} Q ${toX} ${across} ${toX} ${across + round} V ${toY}`;
}
