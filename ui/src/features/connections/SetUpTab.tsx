import type { ConnectionView } from '../../bindings/wire';
import { useRead } from '../../engine';
import { t } from '../../lib/words';
import { Read } from '../../ui/Read';
import { reachesServices } from '../connect/settings';
import { EngineForm } from '../engine/EngineForm';
import { WebhookPanel } from '../webhook/WebhookPanel';
import { KeepingPart } from './KeepingPart';
import { SetUpForm } from './SetUpForm';
import { Streams } from './Streams';

/** What is read, what is set, what comes by itself and how long it is kept. */
export function SetUpTab({ connection }: { connection: ConnectionView }) {
  const connector = useRead('connector_show', { connector: connection.connector });
  return (
    <div className="cn-tab">
      <Streams connection={connection} />
      <Read read={connector} rows={4} shape="form">
        {(detail) => (
          <>
            <SetUpForm connection={connection} detail={detail} />
            {detail.webhook && <WebhookPanel name={connection.name} />}
            {detail.streams.length > 0 && <KeepingPart connection={connection} />}
            {reachesServices(detail) && (
              <section className="card" aria-labelledby="cn-engine">
                <h2 id="cn-engine">{t('settings.engine.calls')}</h2>
                <p className="meta">{t('settings.engine.aboutOne')}</p>
                <EngineForm connection={connection.name} />
              </section>
            )}
          </>
        )}
      </Read>
    </div>
  );
}
