import { NumberInput, Select } from '@mantine/core';

import type { Step, StepPolicy } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { changeStep } from '../document';
import { triesOf } from '../fresh';
import { givesItems, StepName, When } from './Common';
import type { StepProps } from './StepPanel';

/** Name, connection, action, how often and how patiently. */
export function SettingsTab(props: StepProps) {
  const { step, tools, change } = props;
  const { connection, connector } = tools.of(step);
  const set = (update: (step: Step) => Step) => change((c) => changeStep(c, step.id, update));
  const policy = (part: Partial<StepPolicy>) => set((s) => ({ ...s, policy: { ...s.policy, ...part } }));
  const kind = connection?.connector;
  const same = tools.connections.filter((c) => !kind || c.connector === kind).map((c) => c.name);
  return (
    <div className="stack tab-note">
      <StepName {...props} />
      <Select
        label={t('chains.settings.connection')}
        placeholder={t('chains.settings.noConnection')}
        value={connection?.name ?? null}
        data={same}
        onChange={(value) => value && set((s) => ({ ...s, connection: value }))}
        allowDeselect={false}
      />
      {connector && (
        <Select
          label={t('chains.settings.action')}
          value={step.operation ?? null}
          data={connector.operations.map((operation) => ({ value: operation.id, label: operation.title }))}
          onChange={(value) => value && set((s) => ({ ...s, operation: value, mapping: [] }))}
          allowDeselect={false}
          searchable
        />
      )}
      <When {...props} />
      <div className="two">
        <NumberInput label={t('chains.settings.tries')} min={1} max={10} clampBehavior="strict" placeholder={t('chains.settings.triesOfChain', { n: triesOf(props.chain) })} value={step.policy.tries ?? ''} onChange={(value) => (value === '' || typeof value === 'number') && policy({ tries: value === '' ? null : value })} />
        <NumberInput label={t('chains.settings.parallel')} min={1} max={16} clampBehavior="strict" value={step.policy.parallel} onChange={(value) => typeof value === 'number' && policy({ parallel: value })} />
        <NumberInput label={t('chains.settings.timeout')} suffix={` ${t('chains.settings.seconds')}`} min={1} max={600} clampBehavior="strict" value={step.policy.timeoutMs / 1_000} onChange={(value) => typeof value === 'number' && policy({ timeoutMs: Math.round(value * 1_000) })} />
        <NumberInput label={t('chains.settings.wait')} suffix={` ${t('chains.settings.seconds')}`} min={0} max={600} decimalScale={1} clampBehavior="strict" value={step.policy.backoffMs / 1_000} onChange={(value) => typeof value === 'number' && policy({ backoffMs: Math.round(value * 1_000) })} />
        {givesItems(step, tools) && !step.forEach && (
          <NumberInput label={t('chains.settings.limit')} placeholder={t('chains.settings.noLimit')} min={1} max={1_000_000} clampBehavior="strict" allowDecimal={false} value={step.policy.limit ?? ''} onChange={(value) => (value === '' || typeof value === 'number') && policy({ limit: value === '' ? null : value })} />
        )}
      </div>
    </div>
  );
}
