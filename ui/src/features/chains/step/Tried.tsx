import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';

import type { FieldMap } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import type { Request } from '../../../platform';
import { formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { Mask } from '../data/Mask';

/** Asked for after this much rest from typing. */
const REST_MS = 150;

/** Which step and which sample. */
export type Where = Omit<Request<'chain_fields'>, 'map'>;

interface Props {
  where: Where;
  /** The field, and where it comes from. */
  map: FieldMap;
  name: string;
  /** Whether the action cannot do without it. */
  required: boolean;
}

/** What the sample gives with a source that is not kept yet, or what is wrong with it: the engine's own answer. */
export function Tried({ where, map, name, required }: Props) {
  const [text] = useDebouncedValue(JSON.stringify(map), REST_MS);
  const [shown, setShown] = useState<string>();
  // Another source may be private as well.
  const from = map.source.type === 'path' ? map.source.path : map.source.type;
  const read = useRead('chain_fields', { ...where, map: JSON.parse(text) as FieldMap }, { keep: true });
  const field = read.data?.fields.targets.find((own) => own.target === map.target);
  const hidden = shown !== from && (read.data?.privateTargets.includes(map.target) ?? false);
  const late = text !== JSON.stringify(map) || read.isPlaceholderData;
  const empty = field && field.trouble === null && (field.result === null || field.result === '');
  const trouble = read.isError ? toProblem(read.error).title : (field?.trouble ?? (empty && required ? t('chains.map.needed') : undefined));
  const examples = read.data?.fields.sources.some((group) => group.example) ?? false;
  const noSample = read.data?.samples === 0 && !examples && map.source.type !== 'fixed';
  return (
    <div className={late ? 'tried late' : 'tried'} role="status" data-testid="tried">
      <span className="meta">
        {t('chains.map.result')}
        {field?.example && (
          <>
            {' · '}
            <span className="meta warn">{t('chains.map.example')}</span>
          </>
        )}
      </span>
      {noSample && <p className="meta">{t('chains.map.noSamples')}</p>}
      {trouble !== undefined && !(noSample && empty) ? (
        <p className="field-trouble">{visible(trouble)}</p>
      ) : !field || noSample ? null : empty ? (
        <p className="meta">{t('chains.map.nothing')}</p>
      ) : hidden ? (
        <Mask name={name} onShow={() => setShown(from)} />
      ) : (
        <p className="tried-value">{formatValue(field.result, 600)}</p>
      )}
    </div>
  );
}
