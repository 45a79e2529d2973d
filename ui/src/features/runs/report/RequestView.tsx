import type { RequestSummary } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { RunJson } from './RunJson';

/** A request without its secrets: method, address, body. */
export function RequestView({ request }: { request: RequestSummary }) {
  return (
    <div className="run-request">
      <div className="mono run-request-line">
        <strong>{visible(request.method)}</strong> {visible(request.url)}
      </div>
      {request.body !== undefined && request.body !== null && <RunJson value={request.body} label={t('runs.request.body')} />}
    </div>
  );
}
