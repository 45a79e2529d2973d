import '@xyflow/react/dist/base.css';

import { ActionIcon, Tooltip } from '@mantine/core';
import { BaseEdge, EdgeLabelRenderer, getStraightPath, Handle, Position, ReactFlow, useReactFlow, useStore, type Edge, type EdgeProps, type Node, type NodeProps } from '@xyflow/react';
import { Maximize, Minus, Plus } from 'lucide-react';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react';

import { t } from '../../../lib/words';
import { stepKey } from '../stepKeys';
import type { StepCommands, StepView } from '../useStepViews';
import { StepCard } from '../StepCard';

/** Width and height of a step, and the way from one to the next. */
const WIDTH = 248;
const GAP = 98;

type StepNode = Node<{ view: StepView; selected: boolean; tabbable: boolean; open: (id: string) => void }, 'step'>;
type StepEdge = Edge<{ view: StepView; addAfter: (at: number) => void }, 'flow'>;

interface Props {
  views: StepView[];
  selected: string | undefined;
  commands: StepCommands;
}

const nodeTypes = { step: StepNodeView };
const edgeTypes = { flow: FlowEdge };

/** Steps from top to bottom. Nothing is placed by hand, so nothing ever jumps. One Tab stop; arrows move inside. */
export function Canvas({ views, selected, commands }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const focusable = selected ?? views[0]?.id;
  const nodes = useMemo(
    () =>
      views.map((view): StepNode => ({
        id: view.id,
        type: 'step',
        position: { x: 0, y: view.at * GAP },
        data: { view, selected: view.id === selected, tabbable: view.id === focusable, open: commands.open },
        width: WIDTH,
        height: 54,
      })),
    [views, selected, focusable, commands],
  );
  const edges = useMemo(
    () =>
      views.slice(1).map((view): StepEdge => ({
        id: `to-${view.id}`,
        type: 'flow',
        source: views[view.at - 1]?.id ?? '',
        target: view.id,
        data: { view, addAfter: commands.addAfter },
      })),
    [views, commands],
  );
  useEffect(() => {
    // The library says "application", which takes the keys of a screen reader away.
    frame.current?.querySelector('[role=application]')?.setAttribute('role', 'presentation');
  }, []);
  useEffect(() => {
    // Where the focus is already inside it follows the selection.
    if (selected && frame.current?.contains(document.activeElement)) frame.current.querySelector<HTMLElement>(`[data-step="${selected}"]`)?.focus();
  }, [selected]);
  return (
    <div
      className="canvas"
      ref={frame}
      role="group"
      aria-label={t('chains.canvas')}
      onKeyDown={(event) => {
        const step = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-step]')?.dataset.step : undefined;
        if (step !== undefined) stepKey(event, views, step, commands);
      }}
    >
      <ReactFlow<StepNode, StepEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        defaultViewport={{ x: 0, y: 40, zoom: 1 }}
        onMoveStart={(event) => {
          // The user has taken the canvas into the hand: from now on it stays where it was put.
          if (event) moved.current = true;
        }}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        panOnScroll
        zoomOnDoubleClick={false}
        minZoom={0.25}
        maxZoom={1.5}
        proOptions={{ hideAttribution: true }}
        // Without it the library takes the pointer away from nodes; the step itself is the button.
        onNodeClick={() => undefined}
        onPaneClick={() => commands.select(undefined)}
      >
        <Middle moved={moved} />
        <Controls views={views} selected={selected} />
      </ReactFlow>
    </div>
  );
}

/** Keeps the column in the middle while a panel opens and closes, until the user moves it. */
function Middle({ moved }: { moved: React.RefObject<boolean> }) {
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  useLayoutEffect(() => {
    if (moved.current || width === 0) return;
    const { y, zoom } = flow.getViewport();
    void flow.setViewport({ x: Math.max((width - WIDTH * zoom) / 2, 16), y, zoom });
  }, [flow, moved, width]);
  return null;
}

function StepNodeView({ data }: NodeProps<StepNode>) {
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <StepCard view={data.view} selected={data.selected} tabbable={data.tabbable} onOpen={data.open} />
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
}

function FlowEdge({ sourceX, sourceY, targetX, targetY, data }: EdgeProps<StepEdge>) {
  const [path, x, y] = getStraightPath({ sourceX, sourceY, targetX, targetY });
  if (!data) return null;
  const { view, addAfter } = data;
  const running = view.state === 'running' || view.state === 'retrying';
  return (
    <>
      <BaseEdge path={path} className={view.look > 0 ? 'edge look' : running ? 'edge running' : 'edge'} />
      <EdgeLabelRenderer>
        <div className="edge-tools nodrag nopan" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
          {view.look > 0 && <span className="edge-chip">{t('chains.toCheck', { count: view.look })}</span>}
          <button type="button" className="edge-add" aria-label={t('chains.insertHere')} tabIndex={-1} onClick={() => addAfter(view.at - 1)}>
            <Plus size={14} aria-hidden />
          </button>
        </div>
      </EdgeLabelRenderer>
    </>
  );
}

function Controls({ views, selected }: { views: StepView[]; selected: string | undefined }) {
  const flow = useReactFlow();
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  const duration = calm ? 0 : 160;
  const at = views.find((view) => view.id === selected)?.at;
  useEffect(() => {
    // The selected step is never out of sight.
    if (at === undefined) return;
    const { x, y, zoom } = flow.getViewport();
    const frame = document.querySelector('.canvas');
    const height = frame?.clientHeight ?? 600;
    const top = at * GAP * zoom + y;
    if (top < 8 || top + 70 * zoom > height) void flow.setViewport({ x, y: height / 3 - at * GAP * zoom, zoom }, { duration });
  }, [at, flow, duration]);
  return (
    <div className="canvas-controls">
      {(
        [
          ['chains.zoomIn', Plus, () => void flow.zoomIn({ duration })],
          ['chains.zoomOut', Minus, () => void flow.zoomOut({ duration })],
          ['chains.fit', Maximize, () => void flow.fitView({ duration, maxZoom: 1, padding: 0.1 })],
        ] as const
      ).map(([word, Icon, act]) => (
        <Tooltip key={word} label={t(word)} position="right">
          <ActionIcon variant="subtle" color="gray" size={28} aria-label={t(word)} onClick={act}>
            <Icon size={15} />
          </ActionIcon>
        </Tooltip>
      ))}
    </div>
  );
}
