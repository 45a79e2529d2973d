import { useState, type ReactNode } from 'react';

import type { ItemData, JsonValue } from '../../../bindings/wire';
import { formatBytes, formatCount } from '../../../lib/format';
import { t } from '../../../lib/words';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { SaveFile } from '../../../ui/SaveFile';
import { DataView } from './DataView';
import { ItemPager } from './ItemPager';
import type { PrivateField } from './private';
import { SHOWN } from './values';

interface Props {
  items: ItemData[];
  /** How many there are in all. */
  total: number;
  /** The item that is shown first, from 0. */
  first: number | undefined;
  /** What names the result in mappings. */
  path: string;
  /** Where the data comes from. */
  origin: ReactNode;
  /** Fields of what goes in and comes out that are masked. */
  privates: readonly PrivateField[];
  /** What went in is not known. */
  outOnly?: boolean;
  /** The name of a file with all of it. */
  file: string;
  /** All items, for a file. */
  all: () => Promise<ItemData[]>;
}

/** What went into and came out of a step, item by item: side by side where there is room. */
export function StepItems({ items, total, first, path, origin, privates, outOnly = false, file, all }: Props) {
  const [at, setAt] = useState(() => Math.max(items.findIndex((item) => item.item === first), 0));
  const item = items[Math.min(at, items.length - 1)];
  if (!item) return null;
  const { request, given, outcome } = item;
  const sent = request ? (request.body ?? `${request.method} ${request.url}`) : undefined;
  const output = outcome?.outcome === 'done' ? outcome.output : undefined;
  const listed = Array.isArray(output) ? output.length : 0;
  return (
    <div className="stack tab-note">
      <div className="spread">
        <span className="meta">{origin}</span>
        {items.length > 1 && <ItemPager at={at} of={items.length} onGo={setAt} />}
      </div>
      <div className="data-sides" key={item.item}>
        {!outOnly && <DataView title={t('chains.data.in')} value={(sent ?? given ?? undefined) as JsonValue | undefined} privates={privates} none={t('chains.data.nothingSent')} />}
        {outcome && 'problem' in outcome ? (
          <ProblemBlock problem={outcome.problem} alert={false} />
        ) : outcome?.outcome === 'skipped' ? (
          <p className="meta">{t('chains.data.skipped')}</p>
        ) : (
          <DataView title={t('chains.data.out')} value={output} path={path} privates={privates} none={t('chains.data.noOutput')} />
        )}
        {sent !== undefined && given !== null && <DataView title={t('chains.data.given')} value={given} path={path.startsWith('$.steps') && total > 1 ? '$.item' : undefined} privates={privates} none="" />}
      </div>
      <Rest item={item} shown={items.length} total={total} listed={listed} file={file} all={all} />
    </div>
  );
}

/** How much of a step's data is shown, where it is not all of it; and the way to the rest. */
function Rest({ item, shown, total, listed, file, all }: { item: ItemData; shown: number; listed: number } & Pick<Props, 'total' | 'file' | 'all'>) {
  const { cut } = item;
  if (total <= shown && listed <= SHOWN && !cut) return null;
  // Of a list that came in one piece its items are counted, else those that the step went through.
  const count = total > 1 ? total : (cut?.items ?? listed);
  const text = async () => {
    const outputs = (await all()).map(({ outcome }) => (outcome?.outcome === 'done' ? outcome.output : null));
    return `${JSON.stringify(outputs.length === 1 ? outputs[0] : outputs, null, 2)}\n`;
  };
  return (
    <div className="stack tight">
      {total > shown && <p className="meta figures">{t('chains.data.shownOf', { shown: formatCount(shown), of: formatCount(total) })}</p>}
      {cut && (
        <p className="meta figures">
          {cut.items !== null && cut.shownItems !== null && cut.shownItems < cut.items
            ? t('chains.data.cutItems', { shown: formatCount(cut.shownItems), of: formatCount(cut.items), size: formatBytes(cut.bytes) })
            : t('chains.data.cutBytes', { shown: formatBytes(cut.shownBytes), of: formatBytes(cut.bytes) })}
        </p>
      )}
      <SaveFile label={t('chains.data.saveAll', { count, n: formatCount(count) })} name={file} type="application/json" text={text} />
    </div>
  );
}
