import { Button } from '@mantine/core';
import { Download } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import type { ItemData, JsonValue } from '../../../bindings/wire';
import { formatCount } from '../../../lib/format';
import { t } from '../../../lib/words';
import { platform, toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { DataView } from './DataView';
import { ItemPager } from './ItemPager';
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
  /** What went in is not known. */
  outOnly?: boolean;
  /** The name of a file with all of it. */
  file: string;
  /** All items, for a file. */
  all: () => Promise<ItemData[]>;
}

/** What went into and came out of a step, item by item: side by side where there is room. */
export function StepItems({ items, total, first, path, origin, outOnly = false, file, all }: Props) {
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
        {!outOnly && <DataView title={t('chains.data.in')} value={(sent ?? given ?? undefined) as JsonValue | undefined} none={t('chains.data.nothingSent')} />}
        {outcome && 'problem' in outcome ? (
          <ProblemBlock problem={outcome.problem} alert={false} />
        ) : outcome?.outcome === 'skipped' ? (
          <p className="meta">{t('chains.data.skipped')}</p>
        ) : (
          <DataView title={t('chains.data.out')} value={output} path={path} none={t('chains.data.noOutput')} />
        )}
        {sent !== undefined && given !== null && <DataView title={t('chains.data.given')} value={given} path={path.startsWith('$.steps') && total > 1 ? '$.item' : undefined} none="" />}
      </div>
      {(total > items.length || listed > SHOWN) && <SaveAll count={Math.max(total, listed)} file={file} all={all} />}
    </div>
  );
}

/** What the screen has no room for. */
function SaveAll({ count, file, all }: { count: number } & Pick<Props, 'file' | 'all'>) {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const [refused, setRefused] = useState<unknown>();
  const save = async () => {
    setBusy(true);
    setRefused(undefined);
    try {
      const outputs = (await all()).map(({ outcome }) => (outcome?.outcome === 'done' ? outcome.output : null));
      const saved = await platform.saveFile(file, 'application/json', `${JSON.stringify(outputs.length === 1 ? outputs[0] : outputs, null, 2)}\n`);
      setSaid(saved === undefined ? '' : t('runs.report.saved', { file: saved }));
    } catch (error) {
      setRefused(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack tight">
      <div className="row">
        <Button size="xs" leftSection={<Download size={14} aria-hidden />} loading={busy} onClick={() => void save()}>
          {t('chains.data.saveAll', { count, n: formatCount(count) })}
        </Button>
        <span className="meta" role="status">
          {said}
        </span>
      </div>
      {refused !== undefined && <ProblemBlock problem={toProblem(refused)} />}
    </div>
  );
}
