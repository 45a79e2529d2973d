import './health.css';

import { Button, SegmentedControl, Switch } from '@mantine/core';
import { Activity, CircleCheck, FlaskConical, RefreshCw } from 'lucide-react';
import { useLocation, useParams } from 'wouter';

import type { HealthOverview, HealthRange } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { nameInAddress } from '../../lib/address';
import { formatAgo } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { BusyButton } from '../../ui/BusyButton';
import { useSandbox } from '../start/sandbox';
import { useTools } from '../connections/useTools';
import { Chart } from './Chart';
import { Counts } from './Counts';
import { isProblem } from './figures';
import { Figures } from './Figures';
import { HealthPanel } from './HealthPanel';
import { HealthTable } from './HealthTable';
import { useNoReach } from '../../ui/reach';
import { Upkeep } from './Upkeep';
import { useHealthView } from './view';

const RANGES: HealthRange[] = ['1h', '24h', '7d'];
/** Read again after so many milliseconds; events come sooner. */
const AGAIN = 15_000;

/** How every connection is doing. */
export default function HealthPage() {
  const [, go] = useLocation();
  const params = useParams<{ name?: string }>();
  const name = params.name === undefined ? undefined : nameInAddress(params.name);
  const { range, problemsOnly } = useHealthView();
  const read = useRead('health_overview', { range }, { keep: true, every: AGAIN });
  const all = useDo('health_check_now', { touches: ['health_overview', 'health_detail', 'connection_list', 'health'] });
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 }).data?.connections;
  const noReach = useNoReach(connections?.flatMap((one) => one.origins));
  const data = read.data;
  const some = data !== undefined && data.connections.length > 0;
  const open = data?.connections.find((row) => row.name === name);
  const problem = all.isError ? toProblem(all.error) : undefined;
  return (
    <Page
      title={t('health.title')}
      aside={some && <Counts data={data} />}
      actions={
        some && (
          <>
            <Switch className="hl-only" size="sm" label={t('health.problemsOnly')} checked={problemsOnly} onChange={(event) => useHealthView.setState({ problemsOnly: event.currentTarget.checked })} />
            <SegmentedControl
              size="xs"
              aria-label={t('health.range')}
              value={range}
              onChange={(value) => useHealthView.setState({ range: RANGES.find((one) => one === value) ?? '24h' })}
              data={RANGES.map((value) => ({ value, label: t(`health.ranges.${value}`) }))}
            />
            <BusyButton variant="filled" leftSection={<RefreshCw size={16} aria-hidden />} busy={all.isPending || data.checking !== null} why={noReach} onClick={() => all.mutate({ connection: null })}>
              {data.checking ? t('health.checking', { done: data.checking.done, total: data.checking.total }) : t('health.checkAll')}
            </BusyButton>
          </>
        )
      }
      panel={open && data && <HealthPanel key={open.id} row={open} range={range} onClose={() => go('/health')} />}
    >
      <div className="out-of-sight" role="status">
        {all.data && checked(all.data.checks)}
      </div>
      {problem && <ProblemBlock problem={problem} />}
      <Read read={read} rows={6} shape="health">
        {(shown) => (shown.connections.length === 0 ? <NothingYet /> : <Content data={shown} problemsOnly={problemsOnly} open={open?.name} />)}
      </Read>
    </Page>
  );
}

function checked(checks: { healthy: boolean }[]): string {
  const failed = checks.filter((check) => !check.healthy).length;
  const text = t('health.checkedAll', { count: checks.length });
  return failed > 0 ? t('health.someFailed', { text, failed }) : text;
}

function Content({ data, problemsOnly, open }: { data: HealthOverview; problemsOnly: boolean; open: string | undefined }) {
  const tools = useTools();
  const problems = data.connections.filter(isProblem);
  const rows = problemsOnly ? problems : data.connections;
  return (
    <div className="hl">
      <Figures data={data} />
      <Chart points={data.points} range={data.range} p50={data.figures.p50Ms} p95={data.figures.p95Ms} />
      {problems.length === 0 && <AllGood data={data} />}
      {rows.length > 0 && <HealthTable data={data} rows={rows} open={open} tools={tools} />}
      {problemsOnly && (
        <div className="row">
          <Button size="xs" onClick={() => useHealthView.setState({ problemsOnly: false })}>
            {t('health.showAll')}
          </Button>
        </div>
      )}
      <Upkeep data={data} now={new Date(data.at)} />
    </div>
  );
}

function AllGood({ data }: { data: HealthOverview }) {
  const quiet = data.connections.some((row) => !row.paused && row.health === 'no_recent_data');
  const last = data.lastProblemAt ? t('health.lastProblem', { ago: formatAgo(data.lastProblemAt) }) : t('health.noneEver');
  return (
    <p className="hl-good" data-testid="all-good">
      <CircleCheck size={16} aria-hidden className={quiet ? undefined : 'mark ok'} />
      {t(quiet ? 'health.allGoodButQuiet' : 'health.allGood')} {last}
    </p>
  );
}

function NothingYet() {
  const [, go] = useLocation();
  const sandbox = useSandbox('stay');
  return (
    <>
      <Empty icon={Activity} text={t('health.empty')}>
        <Button variant="filled" onClick={() => go('/catalogue')}>
          {t('health.browse')}
        </Button>
        <BusyButton leftSection={<FlaskConical size={16} aria-hidden />} busy={sandbox.isPending} onClick={() => sandbox.mutate({})}>
          {t('health.trySandbox')}
        </BusyButton>
      </Empty>
      {sandbox.isError && <ProblemBlock problem={toProblem(sandbox.error)} />}
    </>
  );
}
