import { useState } from 'react';

import type { JsonValue } from '../../bindings/wire';
import { t } from '../../lib/words';
import { Hidden } from '../chains/data/Hidden';
import { Json } from '../chains/data/Json';
import type { PrivateField } from '../chains/data/private';
import { useMasked } from '../chains/data/useMasked';
import { usePrivates } from './privates';

const NONE: PrivateField[] = [];

/** An item as the service sent it; what the connector says is private of it is masked. */
export function RawItem({ raw, connector, stream }: { raw: JsonValue; connector: string; stream: string | undefined }) {
  const [seen, setSeen] = useState(false);
  const { pending, fields: privates } = usePrivates(connector, stream);
  const { value, masks, show } = useMasked(raw, '$', privates ?? NONE);
  // Nothing is shown before it is known what must not be.
  if (pending) return null;
  if (!privates && !seen) return <Hidden why={t('chains.data.unknown')} name={t('connect.raw')} onShow={() => setSeen(true)} />;
  return <Json value={value ?? null} label={t('connect.raw')} masks={masks} onShow={show} />;
}
