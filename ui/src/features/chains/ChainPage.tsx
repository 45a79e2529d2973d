import { useState } from 'react';
import { useLocation, useParams } from 'wouter';

import { Editor } from './Editor';

/** `/chains/:chain/:what?/:step?`: the editor of one chain. `what` is `step`, `run` or `try`. */
export default function ChainPage() {
  const { chain = 'new', what, step } = useParams<{ chain: string; what?: string; step?: string }>();
  const [, go] = useLocation();
  // A chain that was just made keeps its editor: only its address changes.
  const [shown, setShown] = useState({ key: chain, made: '' });
  if (chain !== shown.key && chain !== shown.made) setShown({ key: chain, made: '' });
  return (
    <Editor
      key={shown.key}
      reference={shown.key}
      intent={what === 'run' || what === 'try' ? what : undefined}
      step={what === 'step' ? step : undefined}
      onCreated={(id) => {
        setShown({ key: shown.key, made: id });
        go(`/chains/${id}`, { replace: true });
      }}
    />
  );
}
