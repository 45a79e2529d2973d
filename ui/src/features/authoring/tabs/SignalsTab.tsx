import { Radio } from 'lucide-react';

import type { ExplainedPage } from '../../../bindings/wire';
import { formatMoment, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Empty } from '../../../ui/Empty';
import { typeName } from '../../connect/SignalPair';

/** What items became, and why some became nothing. */
export function SignalsTab({ page }: { page: ExplainedPage }) {
  const { signals, aside, filtered } = page;
  const nothing = signals.length === 0 && aside.length === 0;
  if (nothing) return <Empty icon={Radio} text={t(filtered > 0 ? 'authoring.allFiltered' : 'authoring.noSignals')} />;
  return (
    <div className="stack">
      {aside.length > 0 && (
        <div className="au-aside">
          <h3>{t('authoring.aside', { count: aside.length })}</h3>
          <ul>
            {[...new Set(aside.map((problem) => `${problem.title}. ${problem.hint}`))].slice(0, 5).map((text) => (
              <li key={text}>{visible(text)}</li>
            ))}
          </ul>
        </div>
      )}
      {signals.length > 0 && (
        <div className="table-frame">
          <table className="table au-signals" data-testid="signals">
            <thead>
              <tr>
                <th scope="col">{t('authoring.column.summary')}</th>
                <th scope="col">{t('authoring.column.type')}</th>
                <th scope="col">{t('authoring.column.id')}</th>
                <th scope="col">{t('authoring.column.time')}</th>
              </tr>
            </thead>
            <tbody>
              {signals.map((signal) => (
                <tr key={`${signal.externalId} ${signal.version}`}>
                  <td className="au-summary">{visible(signal.summary)}</td>
                  <td>{typeName(signal.signalType)}</td>
                  <td className="mono">{visible(signal.externalId)}</td>
                  <td className="figures">{formatMoment(signal.timestamp)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {filtered > 0 && <p className="meta">{t('authoring.filtered', { count: filtered })}</p>}
    </div>
  );
}
