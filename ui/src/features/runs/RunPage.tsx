import './runs.css';

import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { SearchX } from 'lucide-react';
import { useLocation, useParams } from 'wouter';

import type { RunReport } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { Pill, RUN } from '../../ui/states';
import { isFinal } from './figures';
import { INTERRUPTED } from './looks';
import { Report } from './report/Report';
import { RunActions } from './report/RunActions';
import { useFix } from './report/useFix';

/** What one run did: the page. */
export default function RunPage() {
  const { run = '' } = useParams<{ run: string }>();
  const read = useRead('run_report', { run });
  const report = read.data?.report;
  // Another run is another page: nothing of the last one stays open.
  return report ? <Found key={report.run} report={report} /> : <NotYet read={read} />;
}

function Found({ report }: { report: RunReport }) {
  const [, go] = useLocation();
  const again = useDo('run_again', { touches: ['run_list'], onSuccess: ({ runs: [run] }) => run && go(`/runs/${encodeURIComponent(run.id)}`) });
  const runAgain = () => again.mutate({ runs: [report.run], input: null, latest: true, dry_run: report.dryRun });
  const fix = useFix(report, runAgain);
  // No room for it beside the heading.
  const tiny = useMediaQuery('(max-width: 640px)', undefined, { getInitialValueInEffect: false });
  const problem = again.error ? toProblem(again.error) : undefined;
  return (
    <Page
      title={visible(report.chain)}
      aside={
        !tiny && (
          <>
            <Pill look={report.interrupted ? INTERRUPTED : RUN[report.state]} />
            {report.dryRun && <span className="runs-tag">{t('runs.dryRun')}</span>}
            {report.narrowed && <span className="runs-tag">{t('runs.inPart.tag')}</span>}
          </>
        )
      }
      actions={<RunActions report={report} again={isFinal(report.state) ? runAgain : undefined} starting={again.isPending} />}
    >
      {problem && (
        <div className="run-failed">
          <ProblemBlock problem={problem} onFix={fix(problem)} />
        </div>
      )}
      <Report report={report} runAgain={runAgain} pill={tiny} />
    </Page>
  );
}

function NotYet({ read }: { read: ReturnType<typeof useRead<'run_report'>> }) {
  return (
    <Page title={t('runs.report.label')}>
      <Missing read={read} />
    </Page>
  );
}

/** A run that is not there has a state of its own; everything else is as in any read. */
function Missing({ read }: { read: ReturnType<typeof useRead<'run_report'>> }) {
  const [, go] = useLocation();
  if (read.isError && ['NOT_FOUND', 'INPUT_INVALID'].includes(toProblem(read.error).code)) {
    return (
      <Empty icon={SearchX} text={t('runs.report.missing')}>
        <Button variant="filled" onClick={() => go('/runs')}>
          {t('runs.report.goToRuns')}
        </Button>
      </Empty>
    );
  }
  return <Read read={read} shape="report">{() => null}</Read>;
}

/** What one run did, for a panel beside something else. */
export function RunReportView({ run }: { run: string }) {
  const [, go] = useLocation();
  const read = useRead('run_report', { run });
  const report = read.data?.report;
  if (!report) return <Missing read={read} />;
  return <Report key={report.run} report={report} pill onFull={() => go(`/runs/${encodeURIComponent(report.run)}`)} />;
}
