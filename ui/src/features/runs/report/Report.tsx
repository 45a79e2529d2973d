import type { RunReport } from '../../../bindings/wire';
import { durationMs, isActive, isFinal } from '../figures';
import { useNow } from '../../../ui/useNow';
import { Announcer } from './Announcer';
import { Changes } from './Changes';
import { CheckPart } from './CheckPart';
import { Connections } from './Connections';
import { InnerRuns } from './InnerRuns';
import { InPart } from './InPart';
import { Inputs } from './Inputs';
import { PartialResults } from './PartialResults';
import { PrivateFields, usePrivatesOf } from './privates';
import { Problems } from './Problems';
import { Question } from './Question';
import { Retries } from './Retries';
import { ShownRequests } from './ShownRequests';
import { StepsTable } from './StepsTable';
import { Summary } from './Summary';
import { Timeline } from './Timeline';
import { UndoPart } from './UndoPart';

interface Props {
  report: RunReport;
  runAgain?: () => void;
  /** Says the state itself, where no heading above does. */
  pill?: boolean;
  /** Opens the whole page, where this is beside something else. */
  onFull?: () => void;
}

/** A report from its headline to its last item; what waits for the user comes first. */
export function Report({ report, runAgain, pill = false, onFull }: Props) {
  const now = useNow(isActive(report) ? 1_000 : undefined).getTime();
  // A check that found something explains what follows.
  const found = report.check.some((finding) => finding.level !== 'effect');
  const privates = usePrivatesOf(report);
  return (
    <PrivateFields value={privates}>
      <div className="run-report">
        <Announcer report={report} />
        <Summary report={report} elapsedMs={durationMs(report.createdAt, report.finishedAt, now)} pill={pill} onFull={onFull} />
        {report.needsYou.map((question) => (
          <Question key={`${question.step}-${question.item}`} report={report} question={question} open={!isFinal(report.state)} />
        ))}
        {found && <CheckPart report={report} runAgain={runAgain} />}
        <InPart report={report} />
        <Timeline report={report} now={now} />
        <StepsTable report={report} now={now} />
        <InnerRuns report={report} />
        <Problems report={report} runAgain={runAgain} />
        <Retries report={report} />
        <UndoPart report={report} />
        <Changes report={report} />
        <PartialResults report={report} />
        <Connections report={report} />
        <ShownRequests report={report} />
        <Inputs report={report} />
        {!found && <CheckPart report={report} runAgain={runAgain} />}
      </div>
    </PrivateFields>
  );
}
