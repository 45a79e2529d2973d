import '../connect/connect.css';

import { Button } from '@mantine/core';
import { Braces, CopyPlus, FlaskConical, Pencil, Plug, RefreshCw, Undo2, Webhook } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { ConnectionView, ConnectorDetail } from '../../bindings/wire';
import { useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { LinkButton } from '../../ui/LinkButton';
import { Panel } from '../../ui/Panel';
import { Read } from '../../ui/Read';
import { CONNECTION, Pill } from '../../ui/states';
import { hasAddress } from '../connect/settings';
import { BusyButton } from '../../ui/BusyButton';
import { Access, Permissions } from '../connect/Permissions';
import { Definition } from './Definition';
import { RemoveConnector } from './RemoveConnector';

interface Props {
  connectorId: string;
  connections: ConnectionView[];
  starting: boolean;
  onClose: () => void;
  onConnect: () => void;
  onSandbox: () => void;
}

/** One connector in full, beside the cards. */
export function ConnectorPanel({ connectorId, connections, starting, onClose, onConnect, onSandbox }: Props) {
  const read = useRead('connector_show', { connector: connectorId });
  const summary = read.data?.summary;
  return (
    <Panel
      icon={summary && <BrandMark icon={summary.icon} name={summary.name} />}
      title={visible(summary?.name ?? connectorId)}
      subtitle={summary && t(`catalogue.category.${summary.category}`)}
      onClose={onClose}
    >
      <Read read={read} rows={6} shape="facts">
        {(detail) => <Content detail={detail} connections={connections} starting={starting} onConnect={onConnect} onSandbox={onSandbox} />}
      </Read>
    </Panel>
  );
}

function Content({ detail, connections, starting, onConnect, onSandbox }: Omit<Props, 'connectorId' | 'onClose'> & { detail: ConnectorDetail }) {
  const [, go] = useLocation();
  const [definition, setDefinition] = useState(false);
  const { summary, docsUrl } = detail;
  return (
    <div className="cat-detail">
      <p>{visible(summary.description)}</p>
      <div className="row">
        {summary.sandbox ? (
          <>
            <BusyButton variant="filled" leftSection={<FlaskConical size={16} aria-hidden />} busy={starting} onClick={onSandbox}>
              {t('catalogue.trySandbox')}
            </BusyButton>
            <Button onClick={onConnect}>{t('catalogue.byHand')}</Button>
          </>
        ) : (
          <Button variant="filled" leftSection={<Plug size={16} aria-hidden />} onClick={onConnect}>
            {t('catalogue.connect')}
          </Button>
        )}
        <Button leftSection={<Braces size={16} aria-hidden />} onClick={() => setDefinition(true)}>
          {t('catalogue.viewDefinition')}
        </Button>
        {summary.mine && (
          <Button leftSection={<Pencil size={16} aria-hidden />} onClick={() => go(`/catalogue/${summary.id}/edit`)}>
            {t('catalogue.edit')}
          </Button>
        )}
        {/* What is part of the program cannot be written by anyone else. */}
        {hasAddress(detail) && (
          <Button leftSection={<CopyPlus size={16} aria-hidden />} onClick={() => go(`/catalogue/new/${summary.id}`)}>
            {t('catalogue.duplicate')}
          </Button>
        )}
        {summary.mine && <RemoveConnector id={summary.id} name={visible(summary.name)} />}
      </div>
      {connections.length > 0 && (
        <section>
          <h3>{t('catalogue.yours')}</h3>
          <ul className="cat-list">
            {connections.map((connection) => (
              <li key={connection.id}>
                <Link className="cat-link cut" href={`/connections/${encodeURIComponent(connection.name)}`} title={visible(connection.name)}>
                  {visible(connection.name)}
                </Link>
                <Pill look={CONNECTION[connection.paused ? 'paused' : connection.state]} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3>{t('catalogue.bringsIn')}</h3>
        {detail.streams.length === 0 && !summary.webhook && <p className="meta">{t('catalogue.bringsNothing')}</p>}
        <ul className="cat-list">
          {detail.streams.map((stream) => (
            <li key={stream.id}>
              <RefreshCw size={14} aria-hidden />
              <span className="cat-grow">{visible(stream.title)}</span>
              <span className="meta">
                {t('catalogue.polling')}
                {pollingWords(detail, stream.id)}
              </span>
            </li>
          ))}
          {summary.webhook && (
            <li>
              <Webhook size={14} aria-hidden />
              <span className="cat-grow">{t('catalogue.tells')}</span>
              <span className="meta">{t('catalogue.webhook')}</span>
            </li>
          )}
        </ul>
      </section>
      <section>
        <h3>{t('catalogue.actions')}</h3>
        <ul className="cat-list">
          {detail.operations.map((operation) => (
            <li key={operation.id}>
              <Access write={operation.effect} />
              <span className="cat-grow">{visible(operation.title)}</span>
              {operation.effect && (
                <span className={operation.undoable ? 'cat-undo' : 'meta'}>
                  {operation.undoable && <Undo2 size={12} aria-hidden />}
                  {t(operation.undoable ? 'catalogue.undoable' : 'catalogue.notUndoable')}
                </span>
              )}
            </li>
          ))}
        </ul>
      </section>
      {detail.operations.some((operation) => operation.scopes.length > 0) && (
        <section>
          <h3>{t('catalogue.permissions')}</h3>
          <Permissions detail={detail} />
        </section>
      )}
      <section>
        <h3>{t('catalogue.about')}</h3>
        <dl className="facts">
          <dt>{t('catalogue.fact.signIn')}</dt>
          <dd>{detail.auth.length > 0 ? detail.auth.map((method) => visible(method.label)).join(', ') : t('catalogue.signInNone')}</dd>
          <dt>{t('catalogue.fact.pace')}</dt>
          <dd>{detail.pace ?? t('catalogue.paceNone')}</dd>
          {hasAddress(detail) && (
            <>
              <dt>{t('catalogue.fact.address')}</dt>
              <dd>{visible(detail.baseUrl)}</dd>
            </>
          )}
          <dt>{t('catalogue.fact.version')}</dt>
          <dd className="figures">{visible(summary.version)}</dd>
        </dl>
      </section>
      {docsUrl && (
        <div className="row">
          <LinkButton url={docsUrl}>{t('catalogue.documentation')}</LinkButton>
        </div>
      )}
      {definition && <Definition name={visible(summary.name)} definition={detail.definition} onClose={() => setDefinition(false)} />}
    </div>
  );
}

/** How often a stream is read, which only the definition says: ", every 5 minutes". */
function pollingWords(detail: ConnectorDetail, stream: string): string {
  const { definition } = detail;
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) return '';
  const { streams } = definition;
  if (!Array.isArray(streams)) return '';
  for (const found of streams) {
    if (typeof found !== 'object' || found === null || Array.isArray(found) || found['id'] !== stream) continue;
    const seconds = found['intervalSeconds'];
    if (typeof seconds !== 'number') return '';
    if (seconds % 3_600 === 0) return ` ${t('catalogue.every.hours', { count: seconds / 3_600 })}`;
    if (seconds % 60 === 0) return ` ${t('catalogue.every.minutes', { count: seconds / 60 })}`;
    return ` ${t('catalogue.every.seconds', { count: seconds })}`;
  }
  return '';
}
