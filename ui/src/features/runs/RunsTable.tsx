import { Button, Checkbox } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent } from 'react';

import type { RunId, RunView } from '../../bindings/wire';
import { t } from '../../lib/words';
import { useNow } from '../../ui/useNow';
import { isActive } from './figures';
import { RunRow } from './RunRow';
import { chooseOnly, useRunsView } from './view';

const ROW = 44;
const HEAD = 37;
/** Less than this is the top. */
const TOP = 4;

interface Props {
  rows: RunView[];
  /** Newer rows that wait. */
  fresh: number;
  newest: RunId | undefined;
  /** How many rows there are in all, those not loaded included. */
  total: number;
  /** Older ones are wanted. */
  onEnd: (() => void) | undefined;
}

/** Thousands of rows, of which a screenful is there. New ones never move what is read. */
export function RunsTable({ rows, fresh, newest, total, onEnd }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const held = useRunsView((state) => state.held);
  const chosen = useRunsView((state) => state.chosen);
  const all = rows.length > 0 && rows.every((run) => chosen.has(run.id));
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
    initialOffset: () => useRunsView.getState().top,
  });
  useLayoutEffect(() => {
    if (frame.current) frame.current.scrollTop = useRunsView.getState().top;
  }, []);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (onEnd && last >= rows.length - 30) onEnd();
  }, [onEnd, last, rows.length]);
  // A row can be focused once it is there.
  const wanted = useRef<number | undefined>(undefined);
  useEffect(() => {
    const link = wanted.current === undefined ? undefined : frame.current?.querySelector<HTMLElement>(`tr[data-index="${wanted.current}"] a`);
    if (!link || wanted.current === undefined) return;
    // The row that had the focus is gone by now, which may have moved the list.
    scrollTo(frame.current, wanted.current);
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  });
  const now = useNow(rows.some((run) => isActive(run) && run.state !== 'queued') ? 1_000 : undefined).getTime();
  const toTop = () => {
    useRunsView.setState({ held: undefined, top: 0 });
    frame.current?.scrollTo({ top: 0 });
    frame.current?.focus();
  };
  const onScroll = () => {
    const top = frame.current?.scrollTop ?? 0;
    useRunsView.setState({ top, held: top > TOP ? (held ?? newest) : undefined });
  };
  /** Up and down go from run to run; the list scrolls with them. */
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const at = Number((event.target as HTMLElement).closest('tr')?.dataset['index'] ?? Number.NaN);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || Number.isNaN(to) || to < 0 || to >= rows.length) return;
    event.preventDefault();
    scrollTo(frame.current, to);
    const link = frame.current?.querySelector<HTMLElement>(`tr[data-index="${to}"] a`);
    if (link) link.focus({ preventScroll: true });
    else wanted.current = to;
  };
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div className="runs-frame">
      {fresh > 0 && (
        <Button className="runs-fresh" size="compact-sm" radius="xl" variant="filled" leftSection={<ArrowUp size={14} aria-hidden />} onClick={toTop}>
          {t('runs.list.fresh', { count: fresh })}
        </Button>
      )}
      <span className="out-of-sight" role="status">
        {fresh > 0 && t('runs.list.fresh', { count: fresh })}
      </span>
      <div className="runs-scroll" ref={frame} onScroll={onScroll} tabIndex={-1}>
        <table className="table runs-table" aria-label={t('runs.list.label')} aria-rowcount={total + 1}>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col" className="runs-col-choose">
                <Checkbox
                  size="xs"
                  aria-label={t('runs.list.selectAll')}
                  checked={all}
                  indeterminate={!all && rows.some((run) => chosen.has(run.id))}
                  onChange={(event) => chooseOnly(event.currentTarget.checked ? rows.map((run) => run.id) : [])}
                />
              </th>
              <th scope="col" className="runs-col-state">{t('runs.list.state')}</th>
              <th scope="col">{t('runs.list.chain')}</th>
              <th scope="col" className="runs-col-started">{t('runs.list.started')}</th>
              <th scope="col" className="number runs-col-duration">{t('runs.list.duration')}</th>
              <th scope="col" className="runs-col-steps">{t('runs.list.steps')}</th>
              <th scope="col" className="number runs-col-items">{t('runs.list.items')}</th>
              <th scope="col" className="runs-col-trigger">{t('runs.list.trigger')}</th>
            </tr>
          </thead>
          <tbody onKeyDown={onKeyDown}>
            {before > 0 && <Gap height={before} />}
            {items.map(({ index }) => {
              const run = rows[index];
              return run && <RunRow key={run.id} run={run} index={index} now={now} chosen={chosen.has(run.id)} />;
            })}
            {after > 0 && <Gap height={after} />}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** Scrolls no further than the row needs to be seen below the heading. */
function scrollTo(frame: HTMLElement | null, index: number) {
  if (!frame) return;
  const top = index * ROW;
  const bottom = HEAD + top + ROW - frame.clientHeight;
  if (frame.scrollTop > top) frame.scrollTop = top;
  else if (frame.scrollTop < bottom) frame.scrollTop = bottom;
}

/** The rows that are not there take their room. */
const Gap = ({ height }: { height: number }) => (
  <tr aria-hidden className="runs-gap">
    <td colSpan={8} style={{ height }} />
  </tr>
);
