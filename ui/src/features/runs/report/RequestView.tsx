import type { RequestSummary } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { AddressLine } from '../../chains/data/AddressLine';
import { usePrivates } from './privates';
import { RunJson } from './RunJson';

/** A request of a step without its secrets: method, address, body. */
export function RequestView({ request, step }: { request: RequestSummary; step: string }) {
  const privates = usePrivates(step);
  return (
    <div className="run-request">
      {privates && <AddressLine request={request} privacy={privates.privacy} />}
      {request.body !== undefined && request.body !== null && <RunJson value={request.body} label={t('runs.request.body')} step={step} isRequest />}
    </div>
  );
}
