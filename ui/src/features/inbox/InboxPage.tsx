import './inbox.css';

import { Button, TextInput } from '@mantine/core';
import { Inbox, Search, SearchX } from 'lucide-react';
import { useCallback, type KeyboardEvent } from 'react';
import { useLocation, useParams } from 'wouter';

import type { SignalView } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { formatAgo, formatCount } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { isSign, signsWork } from '../../shell/shortcuts';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { FailedRead, ProblemBlock } from '../../ui/ProblemBlock';
import { Read, Unread } from '../../ui/Read';
import { takeBack, toast, withdraw } from '../../ui/toasts/toast';
import { Filters } from './Filters';
import { useSignals } from './queries';
import { SignalList } from './SignalList';
import { SignalPanel } from './SignalPanel';
import { clearInbox, filterOf, isNarrowed, useInboxView } from './view';

/** The confirmation of what was put away last. */
const AWAY = 'put away';

/** What came in: looked through, looked at, put away. */
export default function InboxPage() {
  const [, go] = useLocation();
  const params = useParams<{ signal?: string }>();
  const open = params.signal === undefined ? undefined : Number(params.signal);
  const view = useInboxView();
  const { read, signals, head } = useSignals(filterOf(view));
  const kinds = useRead('signal_kinds_list', {}, { keep: true });
  const mark = useDo('signal_mark', { touches: ['signal_search', 'signal_show'] });
  const { mutate, mutateAsync } = mark;
  const show = useCallback(
    (id: number | undefined) => {
      go(id === undefined ? '/inbox' : `/inbox/${id}`);
      if (id !== undefined && signals.some((signal) => signal.id === id && signal.unread)) mutate({ ids: [id], unread: false });
    },
    [go, mutate, signals],
  );
  const archive = (signal: SignalView) => {
    const at = signals.findIndex((one) => one.id === signal.id);
    // Said once it is so. A refusal stands where those of every change stand.
    const done = () =>
      signal.archived ? withdraw(AWAY) : toast({ id: AWAY, words: t('inbox.putAway'), undo: () => takeBack(() => mutateAsync({ ids: [signal.id], archived: false })) });
    void mutateAsync({ ids: [signal.id], archived: !signal.archived }).then(done, () => undefined);
    if (open === signal.id) show(signals[at + 1]?.id ?? signals[at - 1]?.id);
  };
  const unread = (signal: SignalView) => mutate({ ids: [signal.id], unread: !signal.unread });
  const onKey = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (isSign(event.key) && !signsWork())) return;
    const at = signals.findIndex((signal) => signal.id === open);
    // Caps Lock makes no other key of a letter; Shift does.
    const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
    const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, Home: 0, End: signals.length - 1 }[key];
    const signal = signals[at];
    if (to !== undefined) {
      const next = signals[Math.max(0, Math.min(to, signals.length - 1))];
      if (next) show(next.id);
    } else if (signal && key === 'e') archive(signal);
    else if (signal && key === 'u') unread(signal);
    else return;
    event.preventDefault();
  };
  const narrowed = isNarrowed(view);
  const matching = head?.matching ?? signals.length;
  const words = head && (head.moreThanCounted ? t('inbox.moreThan', { n: formatCount(matching) }) : t('inbox.total', { count: matching, n: formatCount(matching) }));
  return (
    <Page
      title={t('inbox.title')}
      aside={head && <span className="figures">{words}</span>}
      fixed
      panel={
        open !== undefined && !Number.isNaN(open) && <SignalPanel id={open} onClose={() => show(undefined)} onOpen={show} onArchive={archive} onUnread={unread} />
      }
    >
      <div className="inbox">
        <Filters kinds={kinds.data} unread={head?.unread ?? 0} />
        <div className="ib-main">
          <div className="ib-search" role="search">
            <TextInput
              type="search"
              aria-label={t('inbox.search')}
              placeholder={t('inbox.search')}
              leftSection={<Search size={16} aria-hidden />}
              value={view.text}
              onChange={(event) => useInboxView.setState({ text: event.currentTarget.value, top: 0 })}
              data-page-search
            />
          </div>
          {mark.isError && <ProblemBlock problem={toProblem(mark.error)} />}
          <Unread reads={[kinds]} />
          {read.isError && signals.length > 0 && <FailedRead error={read.error} onRetry={() => void read.refetch()} />}
          {signals.length > 0 ? (
            <SignalList
              signals={signals}
              total={Math.max(matching, signals.length)}
              open={open}
              onOpen={show}
              onEnd={read.hasNextPage && !read.isFetchingNextPage ? () => void read.fetchNextPage() : undefined}
              onKey={onKey}
            />
          ) : (
            <Read read={read} rows={8} shape="signals">
              {() => <Nothing narrowed={narrowed} />}
            </Read>
          )}
        </div>
      </div>
    </Page>
  );
}

function Nothing({ narrowed }: { narrowed: boolean }) {
  const [, go] = useLocation();
  const { box, text } = useInboxView();
  const stats = useRead('queue_stats', {}, { every: 30_000 }).data;
  const next = stats?.syncPaused ? undefined : stats?.nextSyncAt;
  if (narrowed) {
    return (
      <Empty icon={SearchX} text={text.trim() ? t('common.nothingMatches', { text: text.trim() }) : t('inbox.noMatch')}>
        <Button onClick={clearInbox}>{t('common.clearFilters')}</Button>
      </Empty>
    );
  }
  if (box !== 'all') return <Empty icon={Inbox} text={t(box === 'unread' ? 'inbox.allRead' : 'inbox.noneAway')} />;
  return (
    <Empty icon={Inbox} text={next ? `${t('inbox.empty')} ${t('inbox.nextPoll', { ago: formatAgo(next) })}` : t('inbox.empty')}>
      <Button variant="filled" onClick={() => go('/connections')}>
        {t('inbox.goToConnections')}
      </Button>
      <Button onClick={() => go('/catalogue')}>{t('inbox.browse')}</Button>
    </Empty>
  );
}
