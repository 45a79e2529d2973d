import { Button } from '@mantine/core';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useMemo, useState } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { DASH, formatCount, formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Mask } from './Mask';
import type { Masks } from './private';
import { linesOf, STEP, type Line, type Unfolded } from './tree';
import type { Picked } from './values';

interface Props {
  value: JsonValue;
  path: string;
  /** Everything is unfolded, as far as it is a few. */
  open: boolean;
  picked: Picked | undefined;
  onPick: (picked: Picked) => void;
  /** Where a mask stands for something private. */
  masks: Masks;
  onShow: (path: string) => void;
}

/** A value with what is in it, level by level: only what is open is there. */
export function DataTree({ value, path, open, picked, onPick, masks, onShow }: Props) {
  const [unfolded, setUnfolded] = useState<Unfolded>({ open: {}, more: {} });
  const lines = useMemo(() => linesOf(value, path, open, unfolded), [value, path, open, unfolded]);
  const fold = (at: string, to: boolean) => setUnfolded((now) => ({ ...now, open: { ...now.open, [at]: to } }));
  const more = (at: string) => setUnfolded((now) => ({ ...now, more: { ...now.more, [at]: (now.more[at] ?? 0) + STEP } }));
  if (lines.length === 0) return <p className="meta data-tree">{formatValue(value, 200) || t('chains.data.empty')}</p>;
  return (
    <ul className="data-tree">
      {lines.map((line) =>
        line.kind === 'rest' ? (
          <li key={`rest ${line.path}`} className="row meta figures" aria-level={line.depth + 1} style={{ paddingInlineStart: line.depth * 16 + 24 }}>
            {t('chains.data.rows', { shown: formatCount(line.shown), of: formatCount(line.of) })}
            <Button size="compact-xs" variant="subtle" onClick={() => more(line.path)}>
              {t('chains.data.more')}
            </Button>
          </li>
        ) : (
          <Entry key={line.path} line={line} pressed={picked?.path === line.path} isMasked={masks.has(line.path)} onPick={onPick} onFold={fold} onShow={onShow} />
        ),
      )}
    </ul>
  );
}

interface EntryProps extends Pick<Props, 'onPick' | 'onShow'> {
  line: Line & { kind: 'value' };
  pressed: boolean;
  isMasked: boolean;
  onFold: (path: string, to: boolean) => void;
}

function Entry({ line, pressed, isMasked, onPick, onFold, onShow }: EntryProps) {
  const { key, path, value, depth, inside, open } = line;
  const Icon = open ? ChevronDown : ChevronRight;
  return (
    <li className="data-entry" aria-level={depth + 1} style={{ paddingInlineStart: depth * 16 }}>
      {inside > 0 ? (
        <button type="button" className="data-fold" aria-expanded={open} aria-label={t('chains.data.unfold', { name: visible(key) })} onClick={() => onFold(path, !open)}>
          <Icon size={14} aria-hidden className="turns" />
        </button>
      ) : (
        <span className="data-fold" />
      )}
      {isMasked ? (
        <>
          <span className="mono data-key">{visible(key)}</span>
          <Mask name={key} onShow={() => onShow(path)} />
        </>
      ) : (
        <button type="button" className="data-cell" aria-pressed={pressed} onClick={() => onPick({ path, value })}>
          <span className="mono data-key">{visible(key)}</span> {inside > 0 ? <span className="meta">{t(Array.isArray(value) ? 'common.items' : 'chains.data.fields', { count: inside })}</span> : <bdi>{formatValue(value, 80) || DASH}</bdi>}
        </button>
      )}
    </li>
  );
}
