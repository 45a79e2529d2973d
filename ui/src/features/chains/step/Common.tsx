import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { Chain, Step } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { changeStep, runOnce } from '../document';
import { allSteps, waysOf } from '../flow/outline';
import type { Tools } from '../useTools';
import type { StepProps } from './StepPanel';

/** What a person calls the step. */
export function StepName({ step, tools, opening, change }: Pick<StepProps, 'step' | 'tools' | 'opening' | 'change'>) {
  const [name, setName] = useState(step.name ?? '');
  return (
    <TextInput
      label={t('chains.settings.name')}
      placeholder={tools.name({ ...step, name: null })}
      value={name}
      maxLength={80}
      onChange={(event) => setName(event.currentTarget.value)}
      data-autofocus={opening.naming || undefined}
      autoFocus={opening.naming ?? false}
      onFocus={(event) => event.currentTarget.select()}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      onBlur={() => (name.trim() || null) !== (step.name ?? null) && change((c) => changeStep(c, step.id, (s) => ({ ...s, name: name.trim() || null })))}
    />
  );
}

/** The steps before one. */
export function earlier(chain: Chain, step: Step): Step[] {
  const all = allSteps(chain);
  return all.slice(0, all.findIndex((own) => own.id === step.id));
}

/** Whether a step gives a list whose items others can go through. */
export const givesItems = (step: Step, tools: Tools) => tools.of(step).operation?.items ?? step.logic?.type === 'split';

/** The lists before a step whose items it can go through. */
const listsBefore = (chain: Chain, step: Step, tools: Tools) => earlier(chain, step).filter((own) => givesItems(own, tools));

/** When a step is done: once or for each item, on a way of a branch, or for what failed before. */
export function When({ chain, step, tools, change }: Pick<StepProps, 'chain' | 'step' | 'tools' | 'change'>) {
  const set = (update: (step: Step) => Step) => change((c) => changeStep(c, step.id, update));
  const lists = listsBefore(chain, step, tools);
  const before = earlier(chain, step);
  const ways = before.flatMap((branch) => waysOf(branch).map((way) => ({ value: JSON.stringify([branch.id, way]), label: t('chains.settings.way', { way, name: tools.name(branch) }) })));
  const failing = before.filter((own) => tools.of(own).operation);
  return (
    <>
      {lists.length > 0 && !tools.of(step).operation?.items && step.logic?.type !== 'aggregate' && (
        <Select
          label={t('chains.settings.forEach')}
          value={step.forEach ?? 'once'}
          data={[{ value: 'once', label: t('chains.settings.once') }, ...lists.map((own) => ({ value: own.id, label: t('chains.settings.each', { name: tools.name(own) }) }))]}
          onChange={(value) => set((s) => (value && value !== 'once' ? { ...s, forEach: value } : runOnce(s)))}
          allowDeselect={false}
        />
      )}
      {ways.length > 0 && (
        <Select
          label={t('chains.settings.on')}
          value={step.on ? JSON.stringify([step.on.branch, step.on.way]) : ''}
          data={[{ value: '', label: t('chains.settings.anyWay') }, ...ways]}
          onChange={(value) => {
            const [branch, way] = value ? (JSON.parse(value) as [string, string]) : [];
            set((s) => ({ ...s, on: branch !== undefined && way !== undefined ? { branch, way } : null }));
          }}
          allowDeselect={false}
        />
      )}
      {failing.length > 0 && (
        <Select
          label={t('chains.settings.handles')}
          value={step.handles ?? ''}
          data={[{ value: '', label: t('chains.settings.handlesNone') }, ...failing.map((own) => ({ value: own.id, label: t('chains.settings.handlesOf', { name: tools.name(own) }) }))]}
          onChange={(value) => set((s) => ({ ...s, handles: value || null }))}
          allowDeselect={false}
        />
      )}
    </>
  );
}
