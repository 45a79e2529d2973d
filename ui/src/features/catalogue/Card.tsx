import { Button } from '@mantine/core';
import { Webhook } from 'lucide-react';

import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { CONNECTION, Pill } from '../../ui/states';
import { BusyButton } from '../../ui/BusyButton';
import { methodName } from '../connect/settings';
import { methodsOf, type Entry } from './search';

interface Props {
  entry: Entry;
  /** The sandbox is being started. */
  starting: boolean;
  onOpen: () => void;
  onConnect: () => void;
  onManage: () => void;
  onSandbox: () => void;
}

/** A connector at a glance. The whole card opens it; its button does the next thing. */
export function Card({ entry, starting, onOpen, onConnect, onManage, onSandbox }: Props) {
  const { connector, connections } = entry;
  const name = visible(connector.name);
  const [first] = connections;
  return (
    <>
      <div className="cat-card-head">
        <BrandMark icon={connector.icon} name={name} />
        <div className="cat-card-name">
          <h2>
            <button type="button" className="cat-open" title={name} onClick={onOpen}>
              {name}
            </button>
          </h2>
          <div className="meta cut">
            {t(`catalogue.category.${connector.category}`)}
            {connector.webhook && (
              <span title={t('catalogue.filterWebhook')}>
                {' · '}
                <Webhook size={12} aria-hidden className="cat-webhook" /> {t('catalogue.webhook')}
              </span>
            )}
          </div>
        </div>
        {connector.sandbox && <span className="tag">{t('common.sandbox')}</span>}
        {connector.mine && <span className="tag">{t('catalogue.mine')}</span>}
      </div>
      <p className="cat-card-about">{visible(connector.description)}</p>
      <div className="cat-card-foot">
        {first ? (
          <Pill look={CONNECTION[first.paused ? 'paused' : first.state]} />
        ) : (
          <span className="meta cut">
            {methodName(methodsOf(connector)[0])} · {t(connector.streams.length > 0 ? 'catalogue.polling' : 'catalogue.actionsOnly')}
          </span>
        )}
        {first ? (
          <Button size="xs" h={28} px={10} className="cat-act" aria-label={t('catalogue.manageName', { name })} onClick={onManage}>
            {t('catalogue.manage')}
          </Button>
        ) : connector.sandbox ? (
          <BusyButton size="xs" h={28} px={10} className="cat-act soft" aria-label={t('catalogue.trySandboxName', { name })} busy={starting} onClick={onSandbox}>
            {t('catalogue.trySandbox')}
          </BusyButton>
        ) : (
          <Button size="xs" h={28} px={10} className="cat-act soft" aria-label={t('catalogue.connectName', { name })} onClick={onConnect}>
            {t('catalogue.connect')}
          </Button>
        )}
      </div>
    </>
  );
}
