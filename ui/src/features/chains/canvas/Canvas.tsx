import '@xyflow/react/dist/base.css';

import { Button } from '@mantine/core';
import { ReactFlow, ReactFlowProvider, useReactFlow, useStore } from '@xyflow/react';
import { LocateFixed } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';

import { t } from '../../../lib/words';
import { useSharing } from '../../../ui/useSharing';
import type { Flow } from '../flow/flow';
import { placeOf, stepKey } from '../stepKeys';
import type { StepCommands, StopView } from '../useStepViews';
import { drawn, edgeTypes, nodeTypes, type FlowLine, type FlowNode } from './parts';
import { ChainMap } from './ChainMap';
import { Controls, useZoom } from './Controls';
import { FocusFollows } from './FocusFollows';
import { InSight, useBring } from './InSight';
import { Nearness } from './Nearness';

interface Props {
  flow: Flow;
  stops: StopView[];
  selected: string | undefined;
  commands: StepCommands;
}

/** From so many steps on it is said that only those in sight are drawn, and with so much room there is a map of the whole. */
const MANY = 12;
const MAP_WIDTH = 700;
/** So much room it needs beside the steps, in pixels: it covers none of them where they stand at first. */
const ROOM = 215;

const nothing = () => undefined;

/**
 * Steps from top to bottom, ways of a branch side by side. Nothing is placed by hand, so nothing ever jumps. One
 * Tab stop; arrows move inside. Of a long chain only what is in sight is drawn, and the Tab stop wherever it is.
 */
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
  const bring = useBring();
  const width = useStore((state) => state.width);
  const about = useId();
  // Where nothing is selected, the step that had the focus last keeps its place in the order of Tab.
  const [last, setLast] = useState<string>();
  // One that was selected may be gone: taken back, or changed elsewhere.
  const focusable = placeOf(stops, selected, last);
  const share = useSharing<ReturnType<typeof drawn>>();
  const { open, add } = commands;
  const { nodes, edges } = useMemo(() => share(drawn(flow, stops, { selected, focusable, open, add })), [share, flow, stops, selected, focusable, open, add]);
  const active = stops.find((stop) => stop.kind === 'step' && (stop.step.state === 'running' || stop.step.state === 'retrying'))?.id;
  useEffect(() => {
    // The library says "application", which takes the keys of a screen reader away.
    frame.current?.querySelector('[role=application]')?.setAttribute('role', 'presentation');
  }, []);
  const steps = stops.filter((stop) => stop.kind === 'step').length;
  return (
    <div
      className="canvas"
      ref={frame}
      role="group"
      aria-label={t('chains.canvas')}
      aria-describedby={steps >= MANY ? about : undefined}
      onFocus={({ target }) => {
        const step = stepAt(target);
        const stop = step === undefined ? undefined : stops.find((own) => own.id === step);
        if (!stop) return;
        setLast(stop.id);
        // Not under the pointer, which is about to be let go.
        if (target.matches(':focus-visible')) bring(stop.flow);
      }}
      onKeyDown={(event) => {
        const step = stepAt(event.target);
        if (step !== undefined && !stepKey(event, stops, step, selected, commands) && zoom.key(event)) event.preventDefault();
      }}
    >
      {steps >= MANY && (
        <p id={about} className="out-of-sight">
          {t('chains.flow.long', { count: steps })}
        </p>
      )}
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
        onlyRenderVisibleElements
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
        <Nearness frame={frame} />
        <FocusFollows frame={frame} id={selected} />
        <InSight flow={flow} id={selected} />
        {!moved && <InSight flow={flow} id={active} />}
        <Controls zoom={zoom} />
        {steps >= MANY && width >= MAP_WIDTH && (width - flow.width) / 2 >= ROOM && <ChainMap flow={flow} onMove={() => setMoved(true)} />}
      </ReactFlow>
      {moved && active !== undefined && (
        <Button className="canvas-follow" size="compact-sm" leftSection={<LocateFixed size={14} aria-hidden />} onClick={() => setMoved(false)}>
          {t('chains.flow.follow')}
        </Button>
      )}
    </div>
  );
}

/** The step or way that something belongs to. */
const stepAt = (target: EventTarget): string | undefined => (target instanceof HTMLElement ? target.closest<HTMLElement>('[data-step]')?.dataset.step : undefined);

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
