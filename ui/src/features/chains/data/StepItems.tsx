import { useState, type ReactNode } from 'react';

import type { ItemData } from '../../../bindings/wire';
import { formatBytes, formatCount } from '../../../lib/format';
import { t } from '../../../lib/words';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { SaveFile } from '../../../ui/SaveFile';
import { DataView } from './DataView';
import { whyHidden } from './Hidden';
import { ItemPager } from './ItemPager';
import { itemWithout, masks, type Privates } from './private';
import { SHOWN } from './values';
import { WentIn } from './WentIn';

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
  /** What of what goes in and comes out is masked. */
  privates: Privates;
  /** Nobody knows what is private of the items that it goes through. */
  givenUnknown?: boolean;
  /** What went in is not known. */
  outOnly?: boolean;
  /** The name of a file with all of it. */
  file: string;
  /** All items, for a file. */
  all: () => Promise<ItemData[]>;
}

/** What went into and came out of a step, item by item: side by side where there is room. */
export function StepItems({ items, total, first, path, origin, privates, givenUnknown = false, outOnly = false, file, all }: Props) {
  const { fields, privacy } = privates;
  const [at, setAt] = useState(() => Math.max(items.findIndex((item) => item.item === first), 0));
  const item = items[Math.min(at, items.length - 1)];
  if (!item) return null;
  const { request, given, outcome } = item;
  const ofGiven = givenUnknown ? t('chains.data.unknown') : undefined;
  const output = outcome?.outcome === 'done' ? outcome.output : undefined;
  const listed = Array.isArray(output) ? output.length : 0;
  // Beyond what one answer has room for: another one is not taken for it.
  const beyond = first !== undefined && !items.some((own) => own.item === first);
  return (
    <div className="stack tab-note">
      <div className="spread">
        <span className="meta">{origin}</span>
        {items.length > 1 && <ItemPager at={at} of={items.length} onGo={setAt} />}
      </div>
      {beyond && <p className="meta figures">{t('chains.data.beyond', { at: formatCount(first + 1) })}</p>}
      <div className="data-sides" key={item.item}>
        {!outOnly && <WentIn item={item} privates={privates} givenUnknown={givenUnknown} />}
        {outcome && 'problem' in outcome ? (
          <ProblemBlock problem={outcome.problem} alert={false} />
        ) : outcome?.outcome === 'skipped' ? (
          <p className="meta">{t('chains.data.skipped')}</p>
        ) : (
          <DataView title={t('chains.data.out')} value={output} path={path} privates={fields} hidden={whyHidden(privacy)} none={t('chains.data.noOutput')} />
        )}
        {request && given !== null && <DataView title={t('chains.data.given')} value={given} path={path.startsWith('$.steps') && total > 1 ? '$.item' : undefined} privates={fields} hidden={ofGiven} none="" />}
      </div>
      <Rest item={item} shown={items.length} total={total} listed={listed} privates={privates} file={file} all={all} />
    </div>
  );
}

/** How much of a step's data is shown, where it is not all of it; and the way to the rest. */
function Rest({ item, shown, total, listed, privates, file, all }: { item: ItemData; shown: number; listed: number } & Pick<Props, 'total' | 'privates' | 'file' | 'all'>) {
  const { cut } = item;
  if (total <= shown && listed <= SHOWN && !cut) return null;
  // Of a list that came in one piece its items are counted, else those that the step went through.
  const count = total > 1 ? total : (cut?.items ?? listed);
  const text = async (open: boolean) => {
    const items = (await all()).map((own) => (open ? own : itemWithout(own, privates)));
    const outputs = items.map(({ outcome }) => (outcome?.outcome === 'done' ? outcome.output : null));
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
      <SaveFile label={t('chains.data.saveAll', { count, n: formatCount(count) })} name={file} type="application/json" masks={masks(privates)} text={text} />
    </div>
  );
}
