import { Checkbox, Select, Tabs } from '@mantine/core';
import { FlaskConical, Play } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';

import type { Explained, JsonValue } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { useShortcuts } from '../../shell/shortcuts';
import { Empty } from '../../ui/Empty';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Unread } from '../../ui/Read';
import { useNoReach } from '../../ui/reach';
import { BusyButton } from '../../ui/BusyButton';
import { MEMBER, type Outline } from './outline';
import { itemsPathOf, pathOf, templateOf, withinItem, type Place, type Use } from './paths';
import { FieldsTab } from './tabs/FieldsTab';
import { ItemsTab } from './tabs/ItemsTab';
import { RequestTab } from './tabs/RequestTab';
import { ResponseTab } from './tabs/ResponseTab';
import { SignalsTab } from './tabs/SignalsTab';

interface Props {
  text: string;
  broken: boolean;
  origin: string | undefined;
  outline: Outline;
  /** Writes a text at a place of the definition. */
  onSet: (place: Place, value: string) => boolean;
}

const TABS = ['items', 'signals', 'request', 'response', 'fields'] as const;
type Tab = (typeof TABS)[number];
const NOBODY = 'nobody';
const PAGES = ['1', '2', '3', '4', '5'];

/** What the definition brings when it is read with a connection. */
export function TryPanel({ text, broken, origin, outline, onSet }: Props) {
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 });
  const choices = useMemo(() => {
    const all = connections.data?.connections ?? [];
    return [...all.filter((one) => one.connector === origin), ...all.filter((one) => one.connector !== origin)];
  }, [connections.data, origin]);
  const [chosen, setChosen] = useState<string>();
  const [local, setLocal] = useState(false);
  const [streamId, setStreamId] = useState<string>();
  const [pages, setPages] = useState('2');
  const [tab, setTab] = useState<Tab>('items');
  const [page, setPage] = useState(0);
  const [written, setWritten] = useState<string>();
  const attempt = useDo('descriptor_try', { onSuccess: () => setPage(0) });
  const fitting = choices[0]?.connector === origin ? choices[0] : undefined;
  const connection = chosen ?? (fitting ? `c ${fitting.name}` : NOBODY);
  const stream = outline.streams.find((one) => one.id === streamId) ?? outline.streams[0];
  const tryOut = () => {
    if (attempt.isPending) return;
    const who = connection === NOBODY ? { allowPrivate: local } : { connection: connection.slice(2), allowPrivate: false };
    attempt.mutate({ text, config: {}, secrets: {}, ...who, ...(stream ? { stream: stream.id } : {}), maxPages: Number(pages) });
  };
  const noReach = useNoReach(choices.find((one) => connection === `c ${one.name}`)?.origins);
  useShortcuts({ 'Ctrl+Enter': () => noReach === undefined && tryOut() });
  useEffect(() => {
    if (written === undefined) return;
    const timer = setTimeout(() => setWritten(undefined), 6_000);
    return () => clearTimeout(timer);
  }, [written]);
  const use = (what: Use, place: Place, value: JsonValue) => {
    const path = stream && valueFor(what, place, value, stream.itemsPath);
    if (stream && path !== undefined && onSet([...stream.mapping, MEMBER[what]], path)) setWritten(t('authoring.written', { member: MEMBER[what], path }));
  };
  const offers = (place: Place, value: JsonValue): Use[] =>
    stream ? (['id', 'time', 'summary', 'items'] as const).filter((what) => valueFor(what, place, value, stream.itemsPath) !== undefined) : [];
  return (
    <section className="au-side au-right" aria-label={t('authoring.try')} data-region>
      <div className="au-try">
        <Select
          className="au-who"
          label={t('authoring.connection')}
          data={[...choices.map((one) => ({ value: `c ${one.name}`, label: visible(one.name) })), { value: NOBODY, label: t('authoring.nobody') }]}
          value={connection}
          allowDeselect={false}
          classNames={{ dropdown: 'cw-pop' }}
          onChange={(value) => setChosen(value ?? undefined)}
        />
        {outline.streams.length > 1 && (
          <Select
            className="au-stream"
            label={t('authoring.stream')}
            data={outline.streams.map((one) => ({ value: one.id, label: visible(one.title) }))}
            value={stream?.id ?? null}
            allowDeselect={false}
            classNames={{ dropdown: 'cw-pop' }}
            onChange={(value) => setStreamId(value ?? undefined)}
          />
        )}
        <Select className="au-pages" label={t('authoring.pages')} data={PAGES} value={pages} allowDeselect={false} classNames={{ dropdown: 'cw-pop' }} onChange={(value) => setPages(value ?? '2')} />
        <BusyButton className="au-go" leftSection={<Play size={16} aria-hidden />} busy={attempt.isPending} disabled={broken} why={noReach} onClick={tryOut}>
          {t('authoring.try')}
        </BusyButton>
      </div>
      {connection === NOBODY && <Checkbox className="au-local" size="xs" label={t('authoring.local')} checked={local} onChange={(event) => setLocal(event.currentTarget.checked)} />}
      <p className="meta au-caps">{t('authoring.caps')}</p>
      <div className="out-of-sight" role="status">
        {written}
      </div>
      <Unread reads={[connections]} className="au-pad" />
      {attempt.isError && (
        <div className="au-pad">
          <ProblemBlock problem={toProblem(attempt.error)} />
        </div>
      )}
      {attempt.data ? (
        <Result read={attempt.data} tab={tab} onTab={setTab} page={page} onPage={setPage} offers={offers} onUse={use} written={written} />
      ) : (
        !attempt.isError && <Empty icon={FlaskConical} text={t(broken ? 'authoring.emptyBroken' : 'authoring.empty')} />
      )}
    </section>
  );
}

/** What is written for a use of a value. */
function valueFor(what: Use, place: Place, value: JsonValue, itemsPath: string): string | undefined {
  if (what === 'items') return itemsPathOf(place, value);
  if (typeof value === 'object' && value !== null) return undefined;
  const within = withinItem(place, itemsPath);
  if (!within || within.length === 0) return undefined;
  return what === 'summary' ? templateOf(within) : pathOf(within);
}

interface ResultProps {
  read: Explained;
  tab: Tab;
  onTab: (tab: Tab) => void;
  page: number;
  onPage: (page: number) => void;
  offers: (place: Place, value: JsonValue) => Use[];
  onUse: (what: Use, place: Place, value: JsonValue) => void;
  written: string | undefined;
}

function Result({ read, tab, onTab, page, onPage, offers, onUse, written }: ResultProps) {
  const shown = read.pages[Math.min(page, read.pages.length - 1)];
  return (
    <>
      {read.problem && (
        <div className="au-pad">
          <ProblemBlock problem={read.problem} />
        </div>
      )}
      <div className="au-chips" role="group" aria-label={t('authoring.pages')}>
        {read.pages.map((one, index) => (
          <button key={index} type="button" className="au-chip" aria-pressed={one === shown} onClick={() => onPage(index)}>
            {t('authoring.page', { number: index + 1 })} · <span className="figures">{one.found}</span>
            {index > 0 && one.fresh < one.found && <span className="au-same">{t('authoring.same', { count: one.found - one.fresh })}</span>}
          </button>
        ))}
        <span className="meta">{read.more ? t('authoring.more') : !read.problem && t('authoring.all')}</span>
      </div>
      <Tabs value={tab} onChange={(value) => onTab(TABS.find((one) => one === value) ?? 'items')} className="au-tabs">
        <Tabs.List aria-label={t('authoring.result')}>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`authoring.tab.${one}`)}
              {shown && one === 'items' && <span className="au-count figures">{shown.items.length}</span>}
              {shown && one === 'signals' && <span className="au-count figures">{shown.signals.length}</span>}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {written && (
          <p className="au-written" aria-hidden>
            {written}
          </p>
        )}
        {shown &&
          TABS.map((one) => (
            <Tabs.Panel key={one} value={one} className="au-panel" tabIndex={0}>
              {one === 'items' && <ItemsTab key={page} page={shown} />}
              {one === 'signals' && <SignalsTab page={shown} />}
              {one === 'request' && <RequestTab request={shown.request} />}
              {one === 'response' && <ResponseTab key={page} page={shown} offers={offers} onUse={onUse} />}
              {one === 'fields' && <FieldsTab items={read.pages.flatMap((each) => each.items)} />}
            </Tabs.Panel>
          ))}
      </Tabs>
    </>
  );
}
