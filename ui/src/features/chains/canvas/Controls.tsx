import { ActionIcon, Tooltip } from '@mantine/core';
import { useReactFlow } from '@xyflow/react';
import { Maximize, Minus, Plus } from 'lucide-react';
import { useMemo, type KeyboardEvent } from 'react';

import { t } from '../../../lib/words';
import { isSign, signsWork } from '../../../shell/shortcuts';

interface Zoom {
  duration: number;
  closer: () => void;
  further: () => void;
  fit: () => void;
  /** + − 0 zoom, 1 shows the whole. Gives true where the key meant something. */
  key: (event: KeyboardEvent) => boolean;
}

/** How near the chain is looked at. */
export function useZoom(): Zoom {
  const flow = useReactFlow();
  return useMemo(() => {
    const duration = window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 160;
    const closer = () => void flow.zoomIn({ duration });
    const further = () => void flow.zoomOut({ duration });
    const fit = () => void flow.fitView({ duration, interpolate: 'linear', maxZoom: 1, padding: 0.1 });
    const keys: Record<string, () => void> = { '+': closer, '=': closer, '-': further, 0: () => void flow.zoomTo(1, { duration }), 1: fit };
    const key = (event: KeyboardEvent) => {
      const off = event.ctrlKey || event.metaKey || event.altKey || (isSign(event.key) && !signsWork());
      const act = off ? undefined : keys[event.key];
      act?.();
      return act !== undefined;
    };
    return { duration, closer, further, fit, key };
  }, [flow]);
}

export function Controls({ zoom }: { zoom: Zoom }) {
  return (
    <div className="canvas-controls">
      {(
        [
          ['chains.zoomIn', Plus, zoom.closer],
          ['chains.zoomOut', Minus, zoom.further],
          ['chains.fit', Maximize, zoom.fit],
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
