import { NumberInput, Select, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { Step, StepPolicy } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { changeStep, runOnce } from '../document';
import type { StepProps } from './StepPanel';

/** Name, connection, action, how often and how patiently. */
export function SettingsTab({ chain, step, tools, naming, change }: StepProps) {
  const { connection, connector } = tools.of(step);
  const set = (update: (step: Step) => Step) => change((c) => changeStep(c, step.id, update));
  const policy = (part: Partial<StepPolicy>) => set((s) => ({ ...s, policy: { ...s.policy, ...part } }));
  const kind = connection?.connector;
  const same = tools.connections.filter((c) => !kind || c.connector === kind).map((c) => c.name);
  const at = chain.steps.findIndex((s) => s.id === step.id);
  const lists = chain.steps.slice(0, at).filter((s) => tools.of(s).operation?.items ?? s.logic?.type === 'split');
  const [name, setName] = useState(step.name ?? '');
  return (
    <div className="stack tab-note">
      <TextInput
        label={t('chains.settings.name')}
        placeholder={tools.name({ ...step, name: null })}
        value={name}
        maxLength={80}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus={naming || undefined}
        autoFocus={naming}
        onFocus={(event) => event.currentTarget.select()}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        onBlur={() => (name.trim() || null) !== (step.name ?? null) && set((s) => ({ ...s, name: name.trim() || null }))}
      />
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
      {lists.length > 0 && !tools.of(step).operation?.items && (
        <Select
          label={t('chains.settings.forEach')}
          value={step.forEach ?? 'once'}
          data={[{ value: 'once', label: t('chains.settings.once') }, ...lists.map((s) => ({ value: s.id, label: t('chains.settings.each', { name: tools.name(s) }) }))]}
          onChange={(value) =>
            set((s) => (value && value !== 'once' ? { ...s, forEach: value } : runOnce(s)))
          }
          allowDeselect={false}
        />
      )}
      <div className="two">
        <NumberInput label={t('chains.settings.tries')} min={1} max={10} clampBehavior="strict" value={step.policy.tries} onChange={(value) => typeof value === 'number' && policy({ tries: value })} />
        <NumberInput label={t('chains.settings.parallel')} min={1} max={16} clampBehavior="strict" value={step.policy.parallel} onChange={(value) => typeof value === 'number' && policy({ parallel: value })} />
        <NumberInput label={t('chains.settings.timeout')} suffix={` ${t('chains.settings.seconds')}`} min={1} max={600} clampBehavior="strict" value={step.policy.timeoutMs / 1_000} onChange={(value) => typeof value === 'number' && policy({ timeoutMs: Math.round(value * 1_000) })} />
        <NumberInput label={t('chains.settings.wait')} suffix={` ${t('chains.settings.seconds')}`} min={0} max={600} decimalScale={1} clampBehavior="strict" value={step.policy.backoffMs / 1_000} onChange={(value) => typeof value === 'number' && policy({ backoffMs: Math.round(value * 1_000) })} />
      </div>
    </div>
  );
}
