import { NumberInput, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { GatewayView } from '../../bindings/wire';
import { useDo } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { gatewayWord } from '../webhook/gatewayWord';
import { Row, SettingsPart } from '../../ui/Row';

const LEAST = 1024;
const MOST = 65_535;

/** Where webhooks are taken. */
export function GatewayPart({ gateway }: { gateway: GatewayView }) {
  const [port, setPort] = useState<string | number>();
  const [address, setAddress] = useState<string>();
  const set = useDo('gateway_set', {
    touches: ['gateway_show', 'webhook_show'],
    onSuccess: () => {
      setPort(undefined);
      setAddress(undefined);
    },
  });
  const number = Number(port ?? gateway.port);
  const wrong = !Number.isInteger(number) || number < LEAST || number > MOST;
  const problem = set.isError ? toProblem(set.error) : undefined;
  const about = (name: string) => (problem?.subject?.kind === 'field' && problem.subject.name === name ? problem.hint : undefined);
  const applyPort = () => {
    if (port !== undefined && !wrong && number !== gateway.port) set.mutate({ port: number });
  };
  const applyAddress = () => {
    if (address !== undefined && address.trim() !== (gateway.publicUrl ?? '')) set.mutate({ publicUrl: address.trim() });
  };
  return (
    <SettingsPart id="gateway" title={t('webhook.gateway')} about={t('webhook.gatewayAbout')}>
      <p className="st-said" role="status" data-testid="gateway-state">
        {gatewayWord(gateway)}
      </p>
      {gateway.problem && <ProblemBlock problem={gateway.problem} />}
      <Row title={t('webhook.allow')} about={t('webhook.allowAbout')} id="st-gateway-enabled">
        <Switch
          aria-labelledby="st-gateway-enabled"
          checked={gateway.enabled}
          disabled={set.isPending}
          onChange={(event) => set.mutate({ enabled: event.currentTarget.checked })}
        />
      </Row>
      <Row title={t('webhook.port')} about={t('webhook.portAbout')} id="st-gateway-port">
        <NumberInput
          className="st-number"
          size="xs"
          aria-labelledby="st-gateway-port"
          min={LEAST}
          max={MOST}
          allowDecimal={false}
          allowNegative={false}
          value={port ?? gateway.port}
          error={wrong ? t('webhook.portAbout') : about('port')}
          onChange={setPort}
          onBlur={applyPort}
          onKeyDown={(event) => {
            if (event.key === 'Enter') applyPort();
          }}
        />
      </Row>
      <Row title={t('webhook.publicUrl')} about={t('webhook.publicUrlAbout')} id="st-gateway-public">
        <TextInput
          size="xs"
          aria-labelledby="st-gateway-public"
          inputMode="url"
          spellCheck={false}
          autoComplete="off"
          placeholder={t('webhook.publicUrlPlaceholder')}
          value={address ?? gateway.publicUrl ?? ''}
          error={about('publicUrl')}
          onChange={(event) => setAddress(event.currentTarget.value)}
          onBlur={applyAddress}
          onKeyDown={(event) => {
            if (event.key === 'Enter') applyAddress();
          }}
        />
      </Row>
      {problem && problem.subject?.kind !== 'field' && <ProblemBlock problem={problem} />}
    </SettingsPart>
  );
}
