import { Button, Modal } from '@mantine/core';
import { Download } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';

import type { ChainShared } from '../../../bindings/wire';
import { send, useRead } from '../../../engine';
import { formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { platform, toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import type { ChainEditor } from '../useChainEditor';

interface Props {
  chain: string;
  name: string;
  flush: ChainEditor['flush'];
  onClose: () => void;
}

/** Says what goes into a file before it is saved: placeholders, and what somebody wrote. */
export function ShareDialog({ chain, name, flush, onClose }: Props) {
  const [shared, setShared] = useState<ChainShared>();
  const [refused, setRefused] = useState<unknown>();
  const [saved, setSaved] = useState<string>();
  const catalogue = useRead('catalogue_list', {});
  const tools = useMemo(() => new Map((catalogue.data?.connectors ?? []).map((own) => [own.id, own.name])), [catalogue.data]);
  useEffect(() => {
    // What is open is kept first: the file is what is seen.
    void flush()
      .then(() => send('chain_share', { chain }))
      .then(setShared, setRefused);
    // Once, when it opens.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  const save = async () => {
    if (!shared) return;
    try {
      setSaved(await platform.saveFile(`${name}.json`, 'application/json', `${JSON.stringify(shared.document, null, 2)}\n`));
    } catch (error) {
      setRefused(error);
    }
  };
  return (
    <Modal opened onClose={onClose} size={560} title={t('chains.share.title', { name: visible(name) })} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <div className="stack">
        <p>{t('chains.share.about')}</p>
        {refused !== undefined && <ProblemBlock problem={toProblem(refused)} />}
        {shared && (
          <>
            <section className="stack" aria-labelledby="share-places">
              <h3 id="share-places">{t('chains.share.places')}</h3>
              <ul className="effects">
                {shared.document.connections.map((place) => (
                  <li key={place.name}>
                    {visible(tools.get(place.connector) ?? place.name)} <span className="meta mono">{visible(place.name)}</span>
                  </li>
                ))}
              </ul>
            </section>
            <section className="stack" aria-labelledby="share-values">
              <h3 id="share-values">{t(shared.values.length > 0 ? 'chains.share.values' : 'chains.share.noValues')}</h3>
              {shared.values.length > 0 && (
                <dl className="facts">
                  {shared.values.map((value, index) => (
                    <div key={`${value.step} ${value.target} ${index}`} className="fact">
                      <dt>{visible(value.place)}</dt>
                      <dd>{formatValue(value.value, 120)}</dd>
                    </div>
                  ))}
                </dl>
              )}
            </section>
          </>
        )}
        <div className="row end">
          <span className="meta" role="status">
            {saved && t('chains.share.saved', { file: saved })}
          </span>
          <Button variant="subtle" onClick={onClose}>
            {t('common.close')}
          </Button>
          <Button variant="filled" leftSection={<Download size={16} aria-hidden />} disabled={!shared} onClick={() => void save()} data-autofocus>
            {t('chains.share.save')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
