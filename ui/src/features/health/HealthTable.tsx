import { useElementSize } from '@mantine/hooks';
import { Link, useLocation } from 'wouter';

import type { ConnectorSummary, HealthOverview, HealthRow, HealthRules } from '../../bindings/wire';
import { useRead } from '../../engine';
import { DASH, formatCount, formatMsOr, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { BrandMark } from '../../ui/BrandMark';
import { CONNECTION, HEALTH, Pill } from '../../ui/states';
import { share } from './figures';
import { Circuit, Sparkline, Strip } from './marks';
import { whySo } from './rules';

/** Columns go from the right as the room gets narrow: line, signals, circuit. */
const ROOM = { line: 940, signals: 820, circuit: 730 };

interface Props {
  data: HealthOverview;
  rows: HealthRow[];
  open: string | undefined;
  tools: Map<string, ConnectorSummary>;
}

/** The place of a connection's health. */
export const healthOf = (name: string): string => `/health/${encodeURIComponent(name)}`;

/** Every connection, the worst first. */
export function HealthTable({ data, rows, open, tools }: Props) {
  const { ref, width } = useElementSize();
  const rules = useRead('health_settings_show', {}).data?.rules;
  const has = (column: keyof typeof ROOM) => width === 0 || width >= ROOM[column];
  return (
    <div className="table-frame" ref={ref}>
      <table className="table hl-table">
        <thead>
          <tr>
            <th scope="col">{t('health.column.connection')}</th>
            <th scope="col">{t('health.column.state')}</th>
            <th scope="col">{t('health.column.checks')}</th>
            <th scope="col">{t('health.column.p95')}</th>
            <th scope="col">{t('health.column.failures')}</th>
            {has('circuit') && <th scope="col">{t('health.column.circuit')}</th>}
            {has('signals') && <th scope="col">{t('health.column.signals')}</th>}
            {has('line') && <th scope="col">{t('health.column.line')}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} data={data} isOpen={row.name === open} tool={tools.get(row.connector)} rules={rules} has={has} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  row: HealthRow;
  data: HealthOverview;
  isOpen: boolean;
  tool: ConnectorSummary | undefined;
  rules: HealthRules | undefined;
  has: (column: keyof typeof ROOM) => boolean;
}

function Row({ row, data, isOpen, tool, rules, has }: RowProps) {
  const [, go] = useLocation();
  const place = healthOf(row.name);
  const tone = row.failed === 0 ? undefined : row.health === 'error' ? 'hl-bad' : 'hl-warn';
  return (
    <tr
      className={isOpen ? 'opens open' : 'opens'}
      data-testid="health-row"
      onClick={(event) => {
        // The name itself is a link: keys and middle clicks work on it.
        if (!(event.target as Element).closest('a')) go(isOpen ? '/health' : place);
      }}
    >
      <td>
        <span className="hl-name">
          <BrandMark icon={tool?.icon} name={visible(tool?.name ?? row.connector)} size={28} />
          <span className={has('circuit') ? 'hl-words' : 'hl-words stacked'}>
            <Link href={place} className="cut hl-open" aria-label={t('health.open', { name: visible(row.name) })} title={visible(row.name)}>
              {visible(row.name)}
            </Link>
            {row.sandbox && <span className="tag">{t('common.sandbox')}</span>}
          </span>
        </span>
      </td>
      <td title={whySo(row, rules)}>
        <HealthPill row={row} />
      </td>
      <td>
        <Strip checks={row.checks} at={data.at} />
      </td>
      <td className="figures">{formatMsOr(row.p95Ms)}</td>
      <td className={`figures ${tone ?? ''}`}>{share(row.failed, row.calls) ?? DASH}</td>
      {has('circuit') && (
        <td className="figures hl-circuit">
          <Circuit row={row} />
        </td>
      )}
      {has('signals') && <td className="figures">{formatCount(row.signalsDay)}</td>}
      {has('line') && (
        <td>
          <Sparkline row={row} />
        </td>
      )}
    </tr>
  );
}

/** How it is doing; what is done with it where that is more. */
export function HealthPill({ row }: { row: Pick<HealthRow, 'paused' | 'health' | 'state'> }) {
  if (row.paused) return <Pill look={CONNECTION.paused} />;
  if (row.state === 'testing' || row.state === 'authenticating' || row.state === 'connecting') return <Pill look={CONNECTION[row.state]} />;
  return (
    <span className={row.health === 'error' ? 'hl-pulse' : undefined}>
      <Pill look={HEALTH[row.health]} />
    </span>
  );
}
