import type { ConnectionReport, RunReport } from '../../../bindings/wire';
import { formatBytes, formatCount, formatTimes, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Fold } from './Fold';
import { Part } from './Part';

/** What each connection had to do: one sentence, the figures below it. */
export function Connections({ report }: { report: RunReport }) {
  const own = report.connections;
  if (own.length === 0) return null;
  const sum = (of: (one: ConnectionReport) => number) => own.reduce((all, one) => all + of(one), 0);
  const [calls, ok] = [sum((one) => one.calls), sum((one) => one.callsOk)];
  const held = own.some((one) => one.callsHeld > 0);
  return (
    <Part
      title={t('runs.connections.title')}
      about={t(calls === ok ? 'runs.connections.all' : 'runs.connections.some', { calls: t('runs.steps.calls', { count: calls }), over: t('runs.connections.over', { count: own.length }), ok: formatCount(ok) })}
    >
      <Fold title={t('runs.connections.figures')}>
        <div className="run-figures">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{t('runs.connections.connection')}</th>
                <th scope="col" className="number">{t('runs.connections.calls')}</th>
                <th scope="col" className="number">{t('runs.connections.ok')}</th>
                <th scope="col" className="number">{t('runs.steps.failed')}</th>
                {held && <th scope="col" className="number">{t('runs.connections.held')}</th>}
                <th scope="col" className="number">{t('runs.connections.retries')}</th>
                <th scope="col" className="number">{t('runs.connections.received')}</th>
                <th scope="col" className="number">{t('runs.connections.times')}</th>
              </tr>
            </thead>
            <tbody>
              {own.map((one) => (
                <tr key={one.connection}>
                  <th scope="row">{visible(one.connection)}</th>
                  <td className="number">{formatCount(one.calls)}</td>
                  <td className="number">{formatCount(one.callsOk)}</td>
                  <td className={one.callsFailed > 0 ? 'number bad' : 'number'}>{formatCount(one.callsFailed)}</td>
                  {held && <td className="number">{formatCount(one.callsHeld)}</td>}
                  <td className="number">{formatCount(one.retries)}</td>
                  <td className="number">{formatBytes(one.bytes)}</td>
                  <td className="number">{formatTimes(one.p50Ms, one.p95Ms, one.p99Ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Fold>
    </Part>
  );
}
