import { useCallback, useEffect, useRef, useState } from 'react';

import type { Choices, ChoicesRequest, Problem } from '../../../bindings/wire';
import { send } from '../../../engine';
import { toProblem } from '../../../platform';

/** How long nothing else is typed before the tool is asked: the list may depend on the other settings. */
const STILL_MS = 500;

/** What a tool offers for a setting, as far as it is known. */
export interface Offer {
  asking: boolean;
  offered: Choices | undefined;
  problem: Problem | undefined;
  again: () => void;
}

/** Asks the tool what may be entered. The request may hold a key that is not kept yet: it stays in no cache. */
export function useChoices(request: ChoicesRequest): Offer {
  const [offer, setOffer] = useState<Omit<Offer, 'again'>>({ asking: true, offered: undefined, problem: undefined });
  const asked = useRef(0);
  const latest = useRef(request);
  useEffect(() => {
    latest.current = request;
  });
  const ask = useCallback(() => {
    asked.current += 1;
    const mine = asked.current;
    const answer = (part: Partial<Offer>) => mine === asked.current && setOffer({ asking: false, offered: undefined, problem: undefined, ...part });
    setOffer((old) => ({ ...old, asking: true }));
    send('setting_choices', latest.current).then(
      (offered) => answer({ offered }),
      (error: unknown) => answer({ problem: toProblem(error) }),
    );
  }, []);
  const basis = JSON.stringify(request);
  const first = useRef(true);
  useEffect(() => {
    const timer = setTimeout(ask, first.current ? 0 : STILL_MS);
    first.current = false;
    return () => clearTimeout(timer);
  }, [ask, basis]);
  useEffect(
    () => () => {
      asked.current += 1;
    },
    [],
  );
  return { ...offer, again: ask };
}
