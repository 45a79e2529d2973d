import { useState } from 'react';

import type { Chain, Step } from '../../bindings/wire';
import { ConnectWizard } from '../connect/ConnectWizard';
import { AddStep } from './AddStep';
import { addLogic, addStep } from './document';
import type { Place } from './flow/outline';
import type { ChainEditor } from './useChainEditor';
import type { Tools } from './useTools';

interface Props {
  chain: Chain;
  place: Place;
  tools: Tools;
  lists: (step: Step) => boolean;
  change: ChainEditor['change'];
  onAdded: (step: string) => void;
  onClose: () => void;
}

/** Asks what comes at a place; a tool that is not connected yet is connected in between. */
export function Adding({ chain, place, tools, lists, change, onAdded, onClose }: Props) {
  /** A tool that is being connected for the step, and what is then searched for. */
  const [connecting, setConnecting] = useState<string>();
  const [about, setAbout] = useState<string>();
  const put = (added: { chain: Chain; id: string }) => {
    onClose();
    change(() => added.chain);
    onAdded(added.id);
  };
  if (connecting !== undefined) return <ConnectWizard connectorId={connecting} onUse={setAbout} onClose={() => setConnecting(undefined)} />;
  return (
    <AddStep
      tools={tools}
      about={about}
      onClose={onClose}
      onConnect={setConnecting}
      onLogic={(type) => put(addLogic(chain, place, type, lists))}
      onChoose={(connection, operation) => put(addStep(chain, place, connection, operation, lists))}
    />
  );
}
