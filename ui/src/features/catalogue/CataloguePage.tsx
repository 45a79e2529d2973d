import './catalogue.css';

import { Button, Kbd, SegmentedControl, TextInput } from '@mantine/core';
import { Grid2x2, Plus, Search, SearchX } from 'lucide-react';
import { useDeferredValue, useMemo, useState } from 'react';
import { useLocation, useParams } from 'wouter';

import type { Category, CatalogueResponse, ConnectionView, Problem } from '../../bindings/wire';
import { useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read, Unread } from '../../ui/Read';
import { ConnectWizard } from '../connect/ConnectWizard';
import { useSandbox } from '../start/sandbox';
import { Card } from './Card';
import { ConnectorPanel } from './ConnectorPanel';
import { FilterMenu } from './FilterMenu';
import { Grid } from './Grid';
import { entriesOf, matching, methodsOf, type Entry } from './search';
import { EVERYTHING, narrow, useCatalogueView } from './view';

const CATEGORIES: Category[] = ['project-management', 'communication', 'code-and-devops', 'documents', 'custom'];
const NO_CONNECTIONS: ConnectionView[] = [];

/** The tools that can be connected. */
export default function CataloguePage() {
  const { connector, action } = useParams<{ connector?: string; action?: string }>();
  const [, go] = useLocation();
  const catalogue = useRead('catalogue_list', {});
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 });
  const sandbox = useSandbox('connections');
  const view = useCatalogueView();
  const search = useDeferredValue(view.search);
  const known = connections.data?.connections ?? NO_CONNECTIONS;
  const entries = useMemo(() => entriesOf(catalogue.data?.connectors ?? [], known), [catalogue.data, known]);
  const { category, methods, polling, webhook, connected, mine } = view;
  const shown = useMemo(() => matching(entries, { search, category, methods, polling, webhook, connected, mine }), [entries, search, category, methods, polling, webhook, connected, mine]);
  const kinds = useMemo(() => [...new Set(entries.flatMap((entry) => methodsOf(entry.connector)))], [entries]);
  const opened = connector === undefined ? undefined : decoded(connector);
  const total = entries.length;
  const manage = ({ connector: { id }, connections: [only, ...more] }: Entry) =>
    go(only && more.length === 0 ? `/connections/${encodeURIComponent(only.name)}` : `/catalogue/${id}`);

  return (
    <>
      <Page
        title={t('catalogue.title')}
        aside={
          catalogue.data && (
            <span role="status" className="figures cat-count">
              {shown.length === total ? t('catalogue.count', { count: total }) : t('catalogue.countOf', { shown: shown.length, total })}
            </span>
          )
        }
        actions={
          <>
            <TextInput
              className="cat-search"
              data-page-search
              type="search"
              aria-label={t('catalogue.search')}
              placeholder={t('catalogue.search')}
              leftSection={<Search size={16} aria-hidden />}
              rightSection={view.search ? undefined : <Kbd size="xs">/</Kbd>}
              rightSectionPointerEvents="none"
              value={view.search}
              onChange={(event) => narrow({ search: event.currentTarget.value })}
            />
            <FilterMenu methods={kinds} />
            <Button className="cat-new" leftSection={<Plus size={16} aria-hidden />} aria-label={t('catalogue.new')} onClick={() => go('/catalogue/new')}>
              <span className="cat-filter-word">{t('catalogue.new')}</span>
            </Button>
          </>
        }
        panel={
          opened !== undefined && (
            <ConnectorPanel
              key={opened}
              connectorId={opened}
              connections={known.filter((connection) => connection.connector === opened)}
              starting={sandbox.isPending}
              onClose={() => go('/catalogue')}
              onConnect={() => go(`/catalogue/${opened}/connect`)}
              onSandbox={() => sandbox.mutate({})}
            />
          )
        }
        fixed
      >
        <Unread reads={[connections]} className="cat-top" />
        <Head data={catalogue.data} entries={entries} sandboxProblem={sandbox.isError ? toProblem(sandbox.error) : undefined} onSandbox={() => sandbox.mutate({})} />
        {catalogue.data === undefined ? (
          <div className="cat-pad">
            <Read read={catalogue} rows={12} shape="cards">
              {() => null}
            </Read>
          </div>
        ) : total === 0 ? (
          <Empty icon={Grid2x2} text={t('catalogue.empty')} />
        ) : shown.length === 0 ? (
          <Empty icon={SearchX} text={view.search ? t('common.nothingMatches', { text: view.search }) : t('catalogue.noMatchFilter')}>
            <Button onClick={() => narrow(EVERYTHING)}>{t('common.clearFilters')}</Button>
            <Button variant="subtle" onClick={() => go('/catalogue/new')}>
              {t('catalogue.buildOne')}
            </Button>
          </Empty>
        ) : (
          <Grid
            entries={shown}
            by={JSON.stringify([search, category, methods, polling, webhook, connected, mine])}
            opened={opened}
            card={(entry) => (
              <Card
                entry={entry}
                starting={sandbox.isPending}
                onOpen={() => go(`/catalogue/${entry.connector.id}`)}
                onConnect={() => go(`/catalogue/${entry.connector.id}/connect`)}
                onManage={() => manage(entry)}
                onSandbox={() => sandbox.mutate({})}
              />
            )}
          />
        )}
      </Page>
      {opened !== undefined && action === 'connect' && <ConnectWizard key={opened} connectorId={opened} onClose={() => go(`/catalogue/${opened}`)} />}
    </>
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface HeadProps {
  data: CatalogueResponse | undefined;
  entries: Entry[];
  sandboxProblem: Problem | undefined;
  onSandbox: () => void;
}

/** What stays above the cards: categories that have content, and what is wrong. */
function Head({ data, entries, sandboxProblem, onSandbox }: HeadProps) {
  const category = useCatalogueView((state) => state.category);
  const present = CATEGORIES.filter((one) => entries.some((entry) => entry.connector.category === one));
  const [unfolded, setUnfolded] = useState(false);
  const broken = data?.problems ?? [];
  if (!data) return null;
  return (
    <div className="cat-top">
      {present.length > 1 && (
        <div className="cat-categories">
          <SegmentedControl
            aria-label={t('catalogue.categories')}
            value={category ?? ''}
            data={[{ value: '', label: t('catalogue.all') }, ...present.map((one) => ({ value: one, label: t(`catalogue.category.${one}`) }))]}
            onChange={(value) => narrow({ category: CATEGORIES.find((one) => one === value) })}
          />
        </div>
      )}
      {sandboxProblem && <ProblemBlock problem={{ ...sandboxProblem, fix: { label: t('common.tryAgain'), action: 'retry' } }} onFix={onSandbox} />}
      {broken.length > 0 && (
        <details className="cat-broken" open={unfolded} onToggle={(event) => setUnfolded(event.currentTarget.open)}>
          <summary>{t('catalogue.broken', { count: broken.length })}</summary>
          {unfolded && broken.map((problem) => <ProblemBlock key={`${visible(problem.title)}${problem.hint}`} problem={problem} alert={false} />)}
        </details>
      )}
    </div>
  );
}
