import { Button } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { ListFilter, Loader, Play, ShieldCheck } from 'lucide-react';
import { useEffect, useRef } from 'react';

import type { Chain, ChainCheckResponse, Finding } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { FailedRead } from '../../../ui/ProblemBlock';
import { Panel } from '../../../ui/Panel';
import { TRIAL, type Narrowing } from '../ConfirmRun';
import { allSteps } from '../flow/outline';
import { Lesson } from '../run/Lesson';
import type { Opening } from '../step/StepPanel';
import type { Tools } from '../useTools';
import { Group, LEVELS } from './Group';
import { Pinned } from './Pinned';
import { useMend } from './useMend';

interface Props {
  check: UseQueryResult<ChainCheckResponse>;
  /** What was found when the chain was kept, shown while the tools are asked. */
  findings: Finding[];
  /** The check is of the version that is shown. */
  fresh: boolean;
  /** The connections of the chain to the sandbox: what is wrong with them may be what the user asked for. */
  trial: string[];
  chainId: string | undefined;
  chain: Chain;
  tools: Tools;
  onShow: (step: string, how?: Opening) => void;
  onAgain: () => void;
  onRun: (how?: Narrowing) => void;
  onClose: () => void;
}

/** What must be mended, what may surprise, what the run will do. Each finding has its button. */
export function CheckPanel({ check, findings, fresh, trial, chainId, chain, tools, onShow, onAgain, onRun, onClose }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const mend = useMend({ chain, onShow, onAgain, onRun });
  const current = fresh && !check.isFetching;
  const found = current ? (check.data?.findings ?? findings) : findings;
  const count = (level: Finding['level']) => found.filter((finding) => finding.level === level).length;
  const blockers = count('blocker');
  const lists = allSteps(chain).some((step) => step.forEach);
  useEffect(() => {
    // The first thing to mend has the focus.
    if (!check.isFetching) frame.current?.querySelector<HTMLElement>('.finding.bad button, .finding.warn button')?.focus();
  }, [check.isFetching, check.dataUpdatedAt]);
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
        {LEVELS.filter((level) => count(level) > 0).map((level) => (
          <Group
            key={level}
            level={level}
            findings={found.filter((finding) => finding.level === level)}
            chain={chain}
            tools={tools}
            spare={check.data?.spare ?? []}
            onMend={mend}
            onShow={onShow}
            onRun={onRun}
          />
        ))}
        {trial.length > 0 && current && <Lesson trial={trial} worked={false} onMended={() => onRun()} />}
        <Pinned chainId={chainId} chain={chain} tools={tools} />
        <div className="row">
          {current && check.data && blockers === 0 && (
            <>
              <Button variant="filled" leftSection={<Play size={16} aria-hidden />} onClick={() => onRun()}>
                {t(count('warning') > 0 ? 'chains.checks.anyway' : 'chains.run')}
              </Button>
              {lists && (
                <Button leftSection={<ListFilter size={16} aria-hidden />} onClick={() => onRun({ items: TRIAL })}>
                  {t('chains.checks.fewer')}
                </Button>
              )}
            </>
          )}
          <Button onClick={onAgain} loading={check.isFetching}>
            {t('chains.checks.again')}
          </Button>
        </div>
      </div>
    </Panel>
  );
}
