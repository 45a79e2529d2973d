import { Terminal } from 'lucide-react';

import type { ExplainedRequest } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { CopyButton } from '../../../ui/CopyButton';
import { curl } from '../curl';
import { Headers } from './Headers';

/** What was sent, without secrets. */
export function RequestTab({ request }: { request: ExplainedRequest }) {
  return (
    <div className="stack">
      <div className="spread">
        <p className="au-address mono">
          <strong>{request.method}</strong> {visible(request.url)}
        </p>
        <CopyButton size="xs" h={30} px={10} className="au-keep" icon={Terminal} text={() => curl(request)} label={t('authoring.curl')} />
      </div>
      <Headers headers={request.headers} />
      {request.body && (
        <pre className="json" tabIndex={0} aria-label={t('authoring.body')}>
          {visible(request.body)}
        </pre>
      )}
      <p className="meta">{t('authoring.masked')}</p>
    </div>
  );
}
