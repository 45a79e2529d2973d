import { Button } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { AlertTriangle, CheckCircle2, Info, Loader, ShieldCheck, XCircle } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';

import type { Chain, ChainCheckResponse, Finding, FixAction, Level } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { FailedRead } from '../../ui/ProblemBlock';
import { Panel } from '../../ui/Panel';
import { allSteps } from './flow/outline';
import type { Opening } from './step/StepPanel';
import type { Tools } from './useTools';

const LEVELS: { level: Level; icon: typeof XCircle; tone: string }[] = [
  { level: 'blocker', icon: XCircle, tone: 'bad' },
  { level: 'warning', icon: AlertTriangle, tone: 'warn' },
  { level: 'effect', icon: Info, tone: 'idle' },
  { level: 'pass', icon: CheckCircle2, tone: 'ok' },
];

interface Props {
  check: UseQueryResult<ChainCheckResponse>;
  /** What was found when the chain was kept, shown while the tools are asked. */
  findings: Finding[];
  /** The check is of the version that is shown. */
  fresh: boolean;
  chain: Chain;
  tools: Tools;
  onShow: (step: string, how?: Opening) => void;
  onAgain: () => void;
  onClose: () => void;
}

/** What must be mended, what may surprise, what the run will do. Each finding has its button. */
export function CheckPanel({ check, findings, fresh, chain, tools, onShow, onAgain, onClose }: Props) {
  const [, go] = useLocation();
  const frame = useRef<HTMLDivElement>(null);
  const found = fresh && !check.isFetching ? (check.data?.findings ?? findings) : findings;
  const blockers = found.filter((finding) => finding.level === 'blocker').length;
  useEffect(() => {
    // The first thing to mend has the focus.
    if (!check.isFetching) frame.current?.querySelector<HTMLElement>('.finding.bad button, .finding.warn button')?.focus();
  }, [check.isFetching, check.dataUpdatedAt]);

  const fix = (finding: Finding, action: FixAction | undefined) => {
    const subject = finding.problem?.subject;
    const step = allSteps(chain).find((s) => s.id === finding.step);
    const connection = subject?.kind === 'connection' ? subject.name : step?.connection;
    if (action === 'retry') onAgain();
    else if (connection && (action === 'replace_key' || action === 'reconnect' || action === 'edit_settings' || action === 'allow_target')) go(`/connections/${encodeURIComponent(connection)}`);
    // Where the finding is about a field, its source is asked for at once.
    else if (finding.step) onShow(finding.step, { fixing: true });
    else if (connection) go(`/connections/${encodeURIComponent(connection)}`);
    else onAgain();
  };

  return (
    <Panel
      icon={<ShieldCheck size={20} aria-hidden />}
      title={t('chains.checks.title')}
      subtitle={
        <span role="status">
          {check.isFetching
            ? t('chains.checks.running')
            : blockers > 0
              ? `${t('chains.checks.notReady', { count: blockers })} ${t('chains.checks.nothing')}`
              : t('chains.checks.ready')}
        </span>
      }
      onClose={onClose}
    >
      <div className="stack" ref={frame}>
        {check.isError && <FailedRead error={check.error} onRetry={onAgain} />}
        {check.isFetching && (
          <div className="row meta">
            <Loader size={14} className="turning" aria-hidden /> {t('chains.checks.running')}
          </div>
        )}
        {LEVELS.map(({ level, icon: Icon, tone }) => {
          const group = found.filter((finding) => finding.level === level);
          if (group.length === 0) return null;
          return (
            <section key={level} className="card findings" aria-label={t(`chains.checks.${level}`)}>
              <h3 className="row">
                <span className={`pill ${tone}`}>
                  <Icon size={14} aria-hidden />
                  {t(`chains.checks.${level}`)} {level !== 'effect' && `(${group.length})`}
                </span>
              </h3>
              {group.map((finding, index) => {
                const step = allSteps(chain).find((s) => s.id === finding.step);
                return (
                  <div className={`finding ${tone}`} key={`${finding.step ?? ''}-${index}`}>
                    {finding.problem && <div className="finding-title">{visible(finding.problem.title)}</div>}
                    <p>{visible(finding.text)}</p>
                    {level !== 'pass' && level !== 'effect' && (
                      <div className="row">
                        <Button size="xs" variant={level === 'blocker' ? 'filled' : 'default'} onClick={() => fix(finding, finding.problem?.fix?.action)}>
                          {finding.problem?.fix?.label ?? t('chains.fix')}
                        </Button>
                        {step && (
                          <Button size="xs" variant="subtle" onClick={() => onShow(step.id)}>
                            {t('chains.checks.show')}: {visible(tools.name(step))}
                          </Button>
                        )}
                      </div>
                    )}
                  </div>
                );
              })}
            </section>
          );
        })}
        <div>
          <Button onClick={onAgain} loading={check.isFetching}>
            {t('chains.checks.again')}
          </Button>
        </div>
      </div>
    </Panel>
  );
}
