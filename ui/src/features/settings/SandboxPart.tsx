import { Button, Select, Switch } from '@mantine/core';
import { useState } from 'react';

import type { SandboxFault, SandboxTool } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Row } from '../../ui/Row';
import { BusyButton } from '../../ui/BusyButton';
import { useSandbox } from '../start/sandbox';

const TOOLS: SandboxTool[] = ['tracker', 'chat', 'sheet'];
const FAULTS: SandboxFault[] = ['expired', 'slow', 'limited', 'down', 'odd_data', 'dies_after_effect'];

/** The pretend tools: there or not, in trouble or not, as at first. */
export function SandboxRows() {
  const catalogue = useRead('catalogue_list', {}).data;
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 }).data;
  const pretend = new Set(catalogue?.connectors.filter((one) => one.sandbox).map((one) => one.id));
  const mine = connections?.connections.filter((one) => pretend.has(one.connector)) ?? [];
  const touches = ['connection_list', 'connection_show', 'chain_list', 'health', 'catalogue_list', 'sandbox_show'] as const;
  const [sure, setSure] = useState(false);
  const start = useSandbox('stay');
  const reset = useDo('sandbox_reset', {
    touches: [...touches],
    onSuccess: () => setSure(false),
  });
  const fault = useDo('sandbox_fault', { touches: [...touches] });
  const stop = useDo('sandbox_stop', { touches: [...touches] });
  const shown = useRead('sandbox_show', {}).data;
  const trouble = shown?.trouble;
  const running = shown?.running === true;
  const [chosen, setChosen] = useState<SandboxTool>('chat');
  const tool = trouble?.tool ?? chosen;
  const failed = start.error ?? stop.error ?? reset.error ?? fault.error;
  return (
    <>
      {failed !== null && failed !== undefined && <ProblemBlock problem={toProblem(failed)} />}
      <Row title={t('settings.sandbox.start')} about={about(running, mine.length)}>
        {running && (
          <BusyButton size="xs" busy={start.isPending} onClick={() => start.mutate({})}>
            {t('settings.sandbox.again')}
          </BusyButton>
        )}
        <Switch
          size="sm"
          aria-label={t('settings.sandbox.on')}
          checked={running}
          disabled={shown === undefined || start.isPending || stop.isPending}
          onChange={(event) => (event.currentTarget.checked ? start.mutate({}) : stop.mutate({}))}
        />
      </Row>
      {running && (
        <Row title={t('settings.sandbox.fault')} about={t('settings.sandbox.faultAbout')}>
          <Select
            size="xs"
            w={150}
            aria-label={t('settings.sandbox.which')}
            allowDeselect={false}
            disabled={fault.isPending}
            data={TOOLS.map((value) => ({ value, label: t(`settings.sandbox.tool.${value}`) }))}
            value={tool}
            onChange={(value) => {
              const next = TOOLS.find((one) => one === value) ?? 'chat';
              setChosen(next);
              if (trouble) fault.mutate({ tool: next, fault: trouble.fault });
            }}
          />
          <Select
            size="xs"
            w={180}
            aria-label={t('settings.sandbox.fault')}
            allowDeselect={false}
            disabled={fault.isPending}
            data={[{ value: '', label: t('settings.sandbox.noFault') }, ...FAULTS.map((value) => ({ value, label: t(`settings.sandbox.faults.${value}`) }))]}
            value={trouble?.fault ?? ''}
            onChange={(value) => fault.mutate({ tool, fault: FAULTS.find((one) => one === value) ?? null })}
          />
        </Row>
      )}
      {running && (
        <Row title={t('settings.sandbox.reset')} about={t(sure ? 'settings.sandbox.resetSure' : 'settings.sandbox.resetAbout')}>
          {sure && (
            <Button size="xs" onClick={() => setSure(false)}>
              {t('common.cancel')}
            </Button>
          )}
          <BusyButton size="xs" color={sure ? 'red.9' : undefined} variant={sure ? 'filled' : 'default'} busy={reset.isPending} onClick={() => (sure ? reset.mutate({}) : setSure(true))}>
            {t('settings.sandbox.reset')}
          </BusyButton>
        </Row>
      )}
    </>
  );
}

function about(running: boolean, connections: number): string {
  if (running) return t('settings.sandbox.running', { count: connections });
  return t(connections > 0 ? 'settings.sandbox.offAbout' : 'settings.sandbox.startAbout');
}
