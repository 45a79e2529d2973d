import { useMemo, useState } from 'react';

import type { JsonValue } from '../../bindings/wire';
import { useRead } from '../../engine';
import { t } from '../../lib/words';
import { Hidden } from '../chains/data/Hidden';
import { Json } from '../chains/data/Json';
import { useMasked } from '../chains/data/useMasked';

/** An item as the service sent it; what the connector says is private of it is masked. */
export function RawItem({ raw, connector, stream }: { raw: JsonValue; connector: string; stream: string | undefined }) {
  const [seen, setSeen] = useState(false);
  const read = useRead('connector_show', { connector });
  const privates = useMemo(() => {
    const streams = read.data?.streams;
    const own = streams?.filter(({ id }) => id === stream) ?? [];
    // A stream that is gone by now, or not known: what any of them says.
    return (own.length > 0 ? own : streams)?.flatMap((one) => one.private);
  }, [read.data, stream]);
  const { value, masks, show } = useMasked(raw, '$', privates ?? []);
  // Nothing is shown before it is known what must not be.
  if (read.isPending) return null;
  if (!privates && !seen) return <Hidden why={t('chains.data.unknown')} name={t('connect.raw')} onShow={() => setSeen(true)} />;
  return <Json value={value ?? null} label={t('connect.raw')} masks={masks} onShow={show} />;
}
