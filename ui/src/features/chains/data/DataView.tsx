import './data.css';

import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { Search } from 'lucide-react';
import { useDeferredValue, useId, useMemo, useState } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { CopyButton } from '../../../ui/CopyButton';
import { DataTable } from './DataTable';
import { DataTree } from './DataTree';
import { Hidden } from './Hidden';
import { Json } from './Json';
import type { Masks, PrivateField } from './private';
import { useMasked } from './useMasked';
import { asText, onlyWith, rowsOf, type Picked } from './values';

const NONE: readonly PrivateField[] = [];
const NOWHERE: Masks = new Map();

const KINDS = ['table', 'tree', 'json'] as const;
type Kind = (typeof KINDS)[number];

interface Props {
  title: string;
  value: JsonValue | undefined;
  /** What names it in mappings; none for what no mapping reads. */
  path?: string | undefined;
  /** Fields that are masked until somebody asks to see one. */
  privates?: readonly PrivateField[];
  /** Why all of it is masked until somebody asks to see it. */
  hidden?: string | undefined;
  /** Said where there is nothing. */
  none: string;
}

/** A value to look at, or what stands for it where it is masked as a whole. */
export function DataView({ hidden, ...shown }: Props) {
  const [seen, setSeen] = useState(false);
  const { title, value } = shown;
  if (!hidden || seen || value === undefined || value === null) return <Looked {...shown} />;
  return (
    <section className="data-view" aria-label={title}>
      <h3>{title}</h3>
      <Hidden why={hidden} name={title} onShow={() => setSeen(true)} />
    </section>
  );
}

/** A value as a table, a tree or JSON; searched; with the path and the value of what is picked to copy. */
function Looked({ title, value: given, path, privates = NONE, none }: Omit<Props, 'hidden'>) {
  const [kind, setKind] = useState<Kind>(() => (typeof given === 'object' ? 'table' : 'json'));
  const [text, setText] = useState('');
  const [picked, setPicked] = useState<Picked>();
  // Everything below goes by what is seen: search, copies and the three views.
  const { value, masks, show } = useMasked(given, path ?? '$', privates);
  const heading = useId();
  // Typing goes on while a lot is looked through.
  const wanted = useDeferredValue(text).trim().toLowerCase();
  const empty = value === undefined || value === null;
  // A text has no parts to look through.
  const whole = !empty && typeof value === 'object';
  const narrowed = useMemo(() => (value === undefined || value === null ? undefined : onlyWith(value, wanted)), [value, wanted]);
  const rows = useMemo(() => (kind === 'table' && value !== undefined && value !== null ? rowsOf(value, path ?? '$', wanted) : undefined), [kind, value, path, wanted]);
  return (
    <section className="data-view" aria-labelledby={heading}>
      <div className="spread">
        <h3 id={heading}>{title}</h3>
        {whole && (
          <SegmentedControl
            size="xs"
            aria-label={t('chains.data.as', { title })}
            data={KINDS.map((own) => ({ value: own, label: t(`chains.data.kinds.${own}`) }))}
            value={kind}
            onChange={(next) => setKind(next as Kind)}
          />
        )}
      </div>
      {empty ? (
        <p className="meta">{none}</p>
      ) : (
        <>
          {whole && (
            <TextInput
              size="xs"
              leftSection={<Search size={14} aria-hidden />}
              aria-label={t('chains.data.search', { title })}
              placeholder={t('chains.data.searchShort')}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
          {narrowed === undefined ? (
            <div className="row">
              <p className="meta">{t('common.nothingMatches', { text: visible(text) })}</p>
              <Button size="compact-xs" variant="subtle" onClick={() => setText('')}>
                {t('common.clearFilters')}
              </Button>
            </div>
          ) : rows ? (
            <DataTable rows={rows} picked={picked} onPick={setPicked} masks={masks} onShow={show} label={title} />
          ) : kind === 'tree' ? (
            <DataTree value={narrowed} path={path ?? '$'} open={wanted !== ''} picked={picked} onPick={setPicked} masks={wanted === '' ? masks : NOWHERE} onShow={show} />
          ) : (
            <Json value={narrowed} label={title} masks={masks} onShow={wanted === '' ? show : undefined} />
          )}
          <div className="row">
            {picked && kind !== 'json' ? (
              // Of a tree that is narrowed, places in lists are others than in the data.
              <Copy picked={picked} hasPath={path !== undefined && (wanted === '' || kind === 'table')} />
            ) : (
              <CopyButton size="compact-xs" variant="subtle" text={() => asText(value)} label={t('chains.data.copyAll')} />
            )}
          </div>
        </>
      )}
    </section>
  );
}

/** What is picked: its path as mappings write it, and its value. */
function Copy({ picked, hasPath }: { picked: Picked; hasPath: boolean }) {
  return (
    <>
      {hasPath && (
        <span className="mono cut data-picked" title={picked.path}>
          {visible(picked.path)}
        </span>
      )}
      <span className="meta cut">{formatValue(picked.value, 40)}</span>
      {hasPath && (
        <CopyButton key={`path ${picked.path}`} size="compact-xs" variant="subtle" text={picked.path} label={t('chains.data.copyPath')} />
      )}
      <CopyButton key={`value ${picked.path}`} size="compact-xs" variant="subtle" text={() => asText(picked.value)} label={t('chains.data.copyValue')} />
    </>
  );
}
