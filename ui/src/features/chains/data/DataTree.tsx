import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { formatCount, formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { entries, SHOWN, type Picked } from './values';

interface Props {
  value: JsonValue;
  path: string;
  /** Everything is unfolded, as far as it is a few. */
  open: boolean;
  picked: Picked | undefined;
  onPick: (picked: Picked) => void;
}

/** A value with what is in it, level by level. */
export function DataTree(props: Props) {
  return (
    <div className="data-tree">
      <Level {...props} depth={0} />
    </div>
  );
}

function Level({ value, path, depth, ...rest }: Props & { depth: number }) {
  const all = entries(value, path);
  if (all.length === 0) return <p className="meta">{formatValue(value, 200) || t('chains.data.empty')}</p>;
  return (
    <ul>
      {all.slice(0, SHOWN).map((entry) => (
        <Entry key={entry.path} entry={entry} depth={depth} {...rest} />
      ))}
      {all.length > SHOWN && <li className="meta">{t('chains.data.rows', { shown: formatCount(SHOWN), of: formatCount(all.length) })}</li>}
    </ul>
  );
}

function Entry({ entry, depth, open, picked, onPick }: { entry: Picked & { key: string }; depth: number } & Pick<Props, 'open' | 'picked' | 'onPick'>) {
  const [folded, setFolded] = useState<boolean>();
  const inside = entries(entry.value, entry.path).length;
  const shown = inside > 0 && (folded === undefined ? open || depth === 0 : !folded);
  const Icon = shown ? ChevronDown : ChevronRight;
  return (
    <li>
      <div className="data-entry">
        {inside > 0 ? (
          <button type="button" className="data-fold" aria-expanded={shown} aria-label={t('chains.data.unfold', { name: visible(entry.key) })} onClick={() => setFolded(shown)}>
            <Icon size={14} aria-hidden />
          </button>
        ) : (
          <span className="data-fold" />
        )}
        <button type="button" className="data-cell" aria-pressed={picked?.path === entry.path} onClick={() => onPick(entry)}>
          <span className="mono data-key">{visible(entry.key)}</span> {inside > 0 ? <span className="meta">{t(Array.isArray(entry.value) ? 'common.items' : 'chains.data.fields', { count: inside })}</span> : formatValue(entry.value, 80) || '–'}
        </button>
      </div>
      {shown && <Level value={entry.value} path={entry.path} open={open} picked={picked} onPick={onPick} depth={depth + 1} />}
    </li>
  );
}
