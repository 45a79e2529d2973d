import type { JsonValue, RequestSummary } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';

/** A request without its secrets: method, address, body. */
export function RequestView({ request }: { request: RequestSummary }) {
  return (
    <div className="run-request">
      <div className="mono run-request-line">
        <strong>{visible(request.method)}</strong> {visible(request.url)}
      </div>
      {request.body !== undefined && request.body !== null && <Json value={request.body} label={t('runs.request.body')} />}
    </div>
  );
}

/** A value as JSON; long ones scroll, by keyboard too. */
export function Json({ value, label }: { value: JsonValue; label: string }) {
  return (
    <pre className="json" tabIndex={0} role="group" aria-label={label}>
      {visible(JSON.stringify(value, null, 2))}
    </pre>
  );
}
