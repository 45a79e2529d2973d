import '@xyflow/react/dist/base.css';

import { Button } from '@mantine/core';
import { MiniMap, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from '@xyflow/react';
import { LocateFixed } from 'lucide-react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';

import { t } from '../../../lib/words';
import { useSharing } from '../../../ui/useSharing';
import { HEIGHT, WIDTH, type Flow } from '../flow/flow';
import { stepKey } from '../stepKeys';
import type { StepCommands, StopView } from '../useStepViews';
import { drawn, edgeTypes, nodeTypes, type FlowLine, type FlowNode } from './parts';
import { Controls, useZoom } from './Controls';

interface Props {
  flow: Flow;
  stops: StopView[];
  selected: string | undefined;
  commands: StepCommands;
}

/** From so many steps and so much room on there is a map of the whole. */
const MAP = { steps: 12, width: 700 };
/** The map's own size, in the proportions of what it shows, the chain and what is in sight of it: a long chain has a long map. */
const mapSize = (flow: Flow, sight: { width: number; height: number }) => {
  const shape = Math.max(flow.width, sight.width) / Math.max(flow.height, sight.height, 1);
  const height = Math.min(200 / shape, Math.max(120, Math.min(480, sight.height - 64)));
  return { height: Math.round(height), width: Math.round(Math.max(64, height * shape)) };
};

const nothing = () => undefined;

/** Steps from top to bottom, ways of a branch side by side. Nothing is placed by hand, so nothing ever jumps. One Tab stop; arrows move inside. */
export function Canvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ flow, stops, selected, commands }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [moved, setMoved] = useState(false);
  const zoom = useZoom();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const focusable = selected ?? stops.find((stop) => stop.kind !== 'section')?.id;
  const share = useSharing<ReturnType<typeof drawn>>();
  const { open, add } = commands;
  const { nodes, edges } = useMemo(() => share(drawn(flow, stops, { selected, focusable, open, add })), [share, flow, stops, selected, focusable, open, add]);
  const active = stops.find((stop) => stop.kind === 'step' && (stop.step.state === 'running' || stop.step.state === 'retrying'))?.id;
  useEffect(() => {
    // The library says "application", which takes the keys of a screen reader away.
    frame.current?.querySelector('[role=application]')?.setAttribute('role', 'presentation');
  }, []);
  useEffect(() => {
    // Where the focus is already inside it follows the selection.
    if (selected && frame.current?.contains(document.activeElement)) frame.current.querySelector<HTMLElement>(`[data-step="${CSS.escape(selected)}"]`)?.focus();
  }, [selected]);
  const steps = stops.filter((stop) => stop.kind === 'step').length;
  return (
    <div
      className="canvas"
      ref={frame}
      role="group"
      aria-label={t('chains.canvas')}
      onKeyDown={(event) => {
        const step = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-step]')?.dataset.step : undefined;
        if (step !== undefined && !stepKey(event, stops, step, selected, commands) && zoom.key(event)) event.preventDefault();
      }}
    >
      <ReactFlow<FlowNode, FlowLine>
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        defaultViewport={{ x: 0, y: 40, zoom: 1 }}
        onMove={(event) => {
          // The user has moved it: from now on it stays where it was put. A click alone moves nothing.
          if (event) setMoved(true);
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
        onNodeClick={nothing}
        onPaneClick={() => commands.select(undefined)}
      >
        <Middle moved={moved} wide={flow.width} />
        <InSight flow={flow} id={selected} />
        {!moved && <InSight flow={flow} id={active} />}
        <Controls zoom={zoom} />
        {steps >= MAP.steps && width >= MAP.width && <MiniMap pannable ariaLabel={t('chains.flow.map')} position="top-right" className="canvas-map" style={mapSize(flow, { width, height })} nodeClassName="canvas-map-step" />}
      </ReactFlow>
      {moved && active !== undefined && (
        <Button className="canvas-follow" size="compact-sm" leftSection={<LocateFixed size={14} aria-hidden />} onClick={() => setMoved(false)}>
          {t('chains.flow.follow')}
        </Button>
      )}
    </div>
  );
}

/** Keeps the chain in the middle while a panel opens and closes, until the user moves it. A step more or less moves nothing. */
function Middle({ moved, wide }: { moved: boolean; wide: number }) {
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  const latest = useRef(wide);
  useLayoutEffect(() => {
    latest.current = wide;
  });
  useLayoutEffect(() => {
    if (moved || width === 0) return;
    const { y, zoom } = flow.getViewport();
    void flow.setViewport({ x: Math.max((width - latest.current * zoom) / 2, 32), y, zoom });
  }, [flow, moved, width]);
  return null;
}

/** How much of the canvas a panel lies over, in pixels; nothing where it stands beside it. */
function covered(): number {
  const panel = document.querySelector<HTMLElement>('.panel');
  return panel && getComputedStyle(panel).position !== 'static' && getComputedStyle(panel).position !== 'relative' ? panel.offsetWidth : 0;
}

/** Brings a step into sight when it becomes the one that matters. */
function InSight({ flow, id }: { flow: Flow; id: string | undefined }) {
  const view = useReactFlow();
  const { duration } = useZoom();
  const item = flow.items.find((own) => own.id === id);
  const [x, y] = [item?.x, item?.y];
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  useEffect(() => {
    if (x === undefined || y === undefined || width === 0) return;
    const now = view.getViewport();
    const [left, top] = [x * now.zoom + now.x, y * now.zoom + now.y];
    const seen = width - covered();
    const outX = left < 8 || left + WIDTH * now.zoom > seen;
    const outY = top < 8 || top + (HEIGHT + 16) * now.zoom > height;
    if (!outX && !outY) return;
    void view.setViewport(
      { x: outX ? Math.max((seen - WIDTH * now.zoom) / 2, 16) - x * now.zoom : now.x, y: outY ? height / 3 - y * now.zoom : now.y, zoom: now.zoom },
      { duration },
    );
  }, [id, x, y, view, duration, width, height]);
  return null;
}
