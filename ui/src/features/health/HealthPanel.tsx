import { Button, Switch } from '@mantine/core';
import { KeyRound, LogIn, RotateCcw, Stethoscope } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';

import type { HealthDetail, HealthRange, HealthRow } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { formatMoment, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { Panel } from '../../ui/Panel';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { HEALTH } from '../../ui/states';
import { useNoReach } from '../../ui/reach';
import { BusyButton } from '../../ui/BusyButton';
import { Dialogs } from '../connections/dialogs';
import { OutcomeWord } from '../connections/Outcome';
import { placeOf, useTools, type Asked } from '../connections/useTools';
import { pauseConnection, testConnection, useWork } from '../connections/work';
import { Failures } from './Failures';
import { HealthPill } from './HealthTable';
import { whySo } from './rules';
import { Facts, Gaps, Timeline } from './PanelParts';
import { StepCalls } from './StepCalls';

const TOUCHES = ['health_overview', 'health_detail', 'health', 'connection_list', 'connection_show'] as const;

interface Props {
  row: HealthRow;
  range: HealthRange;
  onClose: () => void;
}

/** How one connection is doing, and what can be done about it. */
export function HealthPanel({ row, range, onClose }: Props) {
  const [asked, setAsked] = useState<Asked>();
  const [, go] = useLocation();
  const tool = useTools().get(row.connector);
  const rules = useRead('health_settings_show', {}).data?.rules;
  const read = useRead('health_detail', { connection: row.name, range }, { keep: true, every: 15_000 });
  return (
    <>
      <Panel title={visible(row.name)} subtitle={visible(tool?.name ?? row.connector)} onClose={onClose}>
        <div className="hl-panel" data-testid="health-panel">
          <div className="spread">
            <span title={whySo(row, rules)}>
              <HealthPill row={row} />
            </span>
            <Link href={placeOf(row.name)} className="hl-link">
              {t('health.panel.openConnection')}
            </Link>
          </div>
          <Read read={read} rows={6} shape="facts">
            {(detail) => (
              <>
                <Sentence row={row} detail={detail} />
                <Actions row={row} onAsk={setAsked} />
                <Facts detail={detail} />
                <Failures detail={detail} range={range} />
                <StepCalls detail={detail} range={range} />
                <Gaps detail={detail} />
                <Timeline detail={detail} />
              </>
            )}
          </Read>
        </div>
      </Panel>
      <Dialogs asked={asked} tool={tool} onClose={() => setAsked(undefined)} onRenamed={() => go('/health')} onGone={() => go('/health')} />
    </>
  );
}

function Sentence({ row, detail }: { row: HealthRow; detail: HealthDetail }) {
  if (row.paused) return <p>{t('health.panel.paused')}</p>;
  const state = t(HEALTH[detail.health].word);
  const since = detail.since ? t('health.panel.since', { state, when: formatMoment(detail.since) }) : state;
  return (
    <div className="hl-sentence" data-testid="sentence">
      <p>
        <strong>{since}</strong>
        {detail.reasons[0] && `: ${detail.reasons[0].text}.`}
      </p>
      {detail.reasons.length > 1 && (
        <ul>
          {detail.reasons.slice(1).map((reason) => (
            <li key={reason.kind}>{reason.text}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Test, switch off and on, let calls pass again, sign in again. */
function Actions({ row, onAsk }: { row: HealthRow; onAsk: (asked: Asked) => void }) {
  const busy = useWork((state) => state.busy[row.name]);
  const outcome = useWork((state) => state.outcome[row.name]);
  const connection = useRead('connection_show', { name: row.name }).data;
  const tool = useTools().get(row.connector);
  const noReach = useNoReach(connection?.origins);
  const reset = useDo('circuit_reset', { touches: [...TOUCHES] });
  const method = tool?.auth.find((one) => one.id === connection?.auth)?.method;
  const signsIn = method === 'oauth2' || method === 'session';
  const ended = row.state === 'stale';
  return (
    <div className="stack">
      <div className="row">
        {connection?.auth != null && (
          <Button size="xs" variant={ended ? 'filled' : 'default'} leftSection={signsIn ? <LogIn size={14} aria-hidden /> : <KeyRound size={14} aria-hidden />} onClick={() => onAsk({ what: 'replaceKey', connection })}>
            {t('health.panel.signInAgain')}
          </Button>
        )}
        <BusyButton size="xs" variant={ended ? 'default' : 'filled'} leftSection={<Stethoscope size={14} aria-hidden />} busy={busy === 'test'} why={noReach} onClick={() => void testConnection(row.name)}>
          {t('health.panel.test')}
        </BusyButton>
        {row.circuit !== 'closed' && (
          <BusyButton size="xs" leftSection={<RotateCcw size={14} aria-hidden />} busy={reset.isPending} onClick={() => reset.mutate({ name: row.name })}>
            {t('health.panel.resetCircuit')}
          </BusyButton>
        )}
        <Switch size="sm" label={t('health.panel.on')} checked={!row.paused} disabled={busy === 'pause'} onChange={(event) => void pauseConnection(row.name, !event.currentTarget.checked)} />
      </div>
      <div role="status">
        {reset.isSuccess ? t('health.panel.resetDone') : <OutcomeWord outcome={outcome} />}
      </div>
      {reset.isError && <ProblemBlock problem={toProblem(reset.error)} />}
    </div>
  );
}
