import './audit.css';

import { Button, Menu, Select, TextInput } from '@mantine/core';
import { ArrowLeft, Download, ScrollText } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';

import type { AuditAct, AuditFormat, AuditRequest } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { formatCount, formatMoment, formatValue, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { platform, toProblem } from '../../platform';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read, Unread } from '../../ui/Read';
import { actionWord, ACTIONS, SPANS, sinceOf } from './words';
import { clearAudit, useAuditView } from './view';

const MOST = 1_000;
/** How long typing may pause before it is looked for. */
const PAUSE_MS = 250;
const FILES: Record<AuditFormat, string> = { json: 'application/json', csv: 'text/csv' };

/** What was done here, the latest first. */
export default function AuditPage() {
  const { text, connection, action, span, since, limit } = useAuditView();
  const set = useAuditView.setState;
  const [search, setSearch] = useState(text.trim());
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 });
  useEffect(() => {
    const pause = setTimeout(() => setSearch(text.trim()), PAUSE_MS);
    return () => clearTimeout(pause);
  }, [text]);
  const filter: AuditRequest = { since: since ?? null, connection, action, text: search || null };
  const read = useRead('audit_list', { ...filter, limit }, { keep: true });
  const filtered = Boolean(search || connection || action || since);
  const clear = () => {
    clearAudit();
    setSearch('');
  };
  return (
    <Page
      title={t('audit.title')}
      view={useAuditView}
      actions={
        <>
          <Link href="/settings" className="au-back">
            <ArrowLeft size={14} aria-hidden />
            {t('settings.title')}
          </Link>
          <Export filter={filter} />
        </>
      }
    >
      <div className="au">
        <p className="meta">{t('audit.about')}</p>
        <div className="au-filters" role="search">
          <TextInput size="xs" className="au-search" label={t('audit.search')} value={text} onChange={(event) => set({ text: event.currentTarget.value, top: 0 })} />
          <Select
            size="xs"
            label={t('audit.connection')}
            placeholder={t('audit.any')}
            clearable
            searchable
            data={(connections.data?.connections ?? []).map((one) => ({ value: one.name, label: visible(one.name) }))}
            value={connection}
            onChange={(value) => set({ connection: value, top: 0 })}
          />
          <Select size="xs" label={t('audit.action')} placeholder={t('audit.any')} clearable searchable data={ACTIONS.map((value) => ({ value, label: actionWord(value) }))} value={action} onChange={(value) => set({ action: value, top: 0 })} />
          <Select
            size="xs"
            label={t('audit.time')}
            allowDeselect={false}
            data={SPANS.map((value) => ({ value, label: t(`audit.spans.${value}` as WordKey) }))}
            value={span}
            onChange={(value) => {
              const chosen = SPANS.find((one) => one === value) ?? 'all';
              set({ span: chosen, since: sinceOf(chosen, new Date()), top: 0 });
            }}
          />
        </div>
        <Unread reads={[connections]} />
        <Read read={read} rows={8} shape="table">
          {(data) =>
            data.acts.length === 0 ? (
              filtered ? (
                <Empty icon={ScrollText} text={t('audit.noMatch')}>
                  <Button onClick={clear}>{t('common.clearFilters')}</Button>
                </Empty>
              ) : (
                <Empty icon={ScrollText} text={t('audit.empty')} />
              )
            ) : (
              <>
                <Acts acts={data.acts} />
                {data.before !== null && (
                  <div className="row">
                    {limit < MOST ? (
                      <Button size="xs" onClick={() => set({ limit: Math.min(limit * 2, MOST) })}>
                        {t('audit.more')}
                      </Button>
                    ) : (
                      <p className="meta">{t('audit.most', { n: formatCount(MOST) })}</p>
                    )}
                  </div>
                )}
              </>
            )
          }
        </Read>
      </div>
    </Page>
  );
}

/** What is filtered, as a file. */
function Export({ filter }: { filter: AuditRequest }) {
  const [said, setSaid] = useState('');
  const [refused, setRefused] = useState<unknown>();
  const make = useDo('audit_file', {
    onSuccess: async (file, request) => {
      setRefused(undefined);
      const name = await platform.saveFile(file.name, FILES[request.format ?? 'json'], file.text).catch((error: unknown) => {
        setRefused(error);
        return undefined;
      });
      if (name === undefined) setSaid('');
      else setSaid(t(file.cut ? 'audit.exportedCut' : 'audit.exported', { n: formatCount(file.acts), file: visible(name) }));
    },
  });
  return (
    <>
      <span role="status" className="meta cut">
        {said}
      </span>
      {(make.isError || refused !== undefined) && <ProblemBlock problem={toProblem(make.error ?? refused)} />}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button leftSection={<Download size={16} aria-hidden />} loading={make.isPending}>
            {t('audit.export')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(['json', 'csv'] as const).map((format) => (
            <Menu.Item key={format} onClick={() => make.mutate({ format, filter })}>
              {t(`audit.as.${format}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Acts({ acts }: { acts: AuditAct[] }) {
  return (
    <div className="table-frame">
      <table className="table au-table" data-testid="audit">
        <thead>
          <tr>
            <th scope="col">{t('audit.when')}</th>
            <th scope="col">{t('audit.what')}</th>
            <th scope="col">{t('audit.toWhat')}</th>
            <th scope="col">{t('audit.details')}</th>
          </tr>
        </thead>
        <tbody>
          {acts.map((act) => (
            <tr key={act.id} data-testid="act">
              <td className="figures">
                <time dateTime={act.at} title={act.at}>
                  {formatMoment(act.at)}
                </time>
              </td>
              <td>{actionWord(act.action)}</td>
              <td className="au-wrap">{visible(act.subject)}</td>
              <td className="au-wrap meta">{detailOf(act.detail)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What more is known, on one line; the connection stands beside it by its name. */
function detailOf(detail: unknown): string {
  if (detail === null || typeof detail !== 'object' || Array.isArray(detail)) return formatValue(detail, 200);
  const parts = Object.entries(detail).filter(([name, value]) => name !== 'connection' && value !== null && value !== '');
  return parts.map(([name, value]) => `${visible(name)}: ${formatValue(value, 120)}`).join(' · ');
}
