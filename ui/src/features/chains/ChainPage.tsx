import { useState } from 'react';
import { flushSync } from 'react-dom';
import { useLocation, useParams } from 'wouter';

import { Editor } from './Editor';
import { sampleMade } from './sample';

/** `/chains/:chain/:what?/:step?`: the editor of one chain. `what` is `step`, `run`, `try` or `start`. */
export default function ChainPage() {
  const { chain = 'new', what, step } = useParams<{ chain: string; what?: string; step?: string }>();
  const [, go] = useLocation();
  // A chain that was just made keeps its editor: only its address changes.
  const [shown, setShown] = useState({ nth: 0, reference: chain, made: '' });
  if (shown.made !== '' && chain === shown.made) setShown({ ...shown, reference: shown.made, made: '' });
  else if (chain !== shown.reference && chain !== shown.made) setShown({ nth: shown.nth + 1, reference: chain, made: '' });
  return (
    <Editor
      key={shown.nth}
      reference={shown.reference}
      intent={what === 'run' || what === 'try' || what === 'start' ? what : undefined}
      step={what === 'step' ? step : undefined}
      onCreated={(id) => {
        sampleMade(id);
        flushSync(() => setShown((now) => ({ ...now, made: id })));
        go(`/chains/${id}`, { replace: true });
      }}
    />
  );
}
