import { useState } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { Hidden, whyHidden } from '../../chains/data/Hidden';
import { Json } from '../../chains/data/Json';
import type { PrivateField } from '../../chains/data/private';
import { useMasked } from '../../chains/data/useMasked';
import { usePrivates } from './privates';

interface Props {
  value: JsonValue;
  label: string;
  /** The step that sent or received it. */
  step: string;
  /** It is the body of a request. */
  isRequest?: boolean;
}

/** A value that a run sent or received, as JSON: what is private in it is masked, as in the editor. */
export function RunJson({ value, label, step, isRequest = false }: Props) {
  const [seen, setSeen] = useState(false);
  const privates = usePrivates(step);
  // Nothing is shown before it is known what must not be.
  if (!privates) return null;
  const why = whyHidden(privates.privacy, isRequest);
  if (why && !seen) return <Hidden why={why} name={label} onShow={() => setSeen(true)} />;
  return <Masked value={value} label={label} privates={privates.fields} />;
}

function Masked({ value: given, label, privates }: { value: JsonValue; label: string; privates: readonly PrivateField[] }) {
  const { value, masks, show } = useMasked(given, '$', privates);
  return <Json value={value ?? null} label={label} masks={masks} onShow={show} />;
}
