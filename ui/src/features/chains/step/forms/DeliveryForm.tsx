import { ActionIcon, Button, NumberInput, Select } from '@mantine/core';
import { Plus, Trash2 } from 'lucide-react';

import type { Tie } from '../../../../bindings/wire';
import { t } from '../../../../lib/words';
import { changeStep } from '../../document';
import { Kept } from '../../start/Kept';
import { Conditions } from '../Conditions';
import type { FormProps } from './LogicForm';

const EXAMPLE = '{{steps.create.id}}';

/** Who may call while a run waits, which calls count, and for how long. */
export function DeliveryForm({ step, tools, change, logic, put }: FormProps<'delivery'>) {
  const { connections, connectors } = tools;
  const taking = connections.filter((c) => connectors.get(c.connector)?.webhook ?? false).map((c) => c.name);
  const ties = logic.ties ?? [];
  const tie = (at: number, part: Partial<Tie>) => put({ ...logic, ties: ties.map((own, index) => (index === at ? { ...own, ...part } : own)) });
  return (
    <>
      <Select
        label={t('chains.logic.calls')}
        description={t('chains.logic.callsHelp')}
        value={step.connection ?? ''}
        data={[{ value: '', label: t('chains.logic.callsOwn') }, ...taking]}
        onChange={(connection) => change((c) => changeStep(c, step.id, (s) => ({ ...s, connection: connection ?? '' })))}
        allowDeselect={false}
      />
      <Conditions label={t('chains.logic.deliveryWhen')} conditions={logic.when ?? []} example="$.body.status" onChange={(when) => put({ ...logic, when })} />
      <fieldset className="stack conditions">
        <legend>{t('chains.logic.ties')}</legend>
        <p className="meta">{t('chains.logic.tiesHelp', { example: EXAMPLE })}</p>
        {ties.map((own, at) => (
          <div key={at} className="row nowrap">
            <Kept label={t('chains.when.path')} value={own.path} onKeep={(path) => tie(at, { path })} />
            <Kept label={t('chains.logic.tieEquals')} value={own.equals} onKeep={(equals) => tie(at, { equals })} />
            <ActionIcon variant="subtle" color="gray" aria-label={t('chains.logic.removeTie')} onClick={() => put({ ...logic, ties: ties.filter((_, index) => index !== at) })}>
              <Trash2 size={14} />
            </ActionIcon>
          </div>
        ))}
        <div>
          <Button size="xs" leftSection={<Plus size={14} />} onClick={() => put({ ...logic, ties: [...ties, { path: '$.body.id', equals: EXAMPLE }] })}>
            {t('chains.logic.addTie')}
          </Button>
        </div>
      </fieldset>
      <NumberInput
        label={t('chains.logic.fails')}
        suffix={` ${t('chains.logic.hours')}`}
        min={0.01}
        max={8_784}
        decimalScale={2}
        value={(logic.within ?? 86_400) / 3_600}
        onChange={(value) => typeof value === 'number' && value > 0 && put({ ...logic, within: Math.max(1, Math.round(value * 3_600)) })}
      />
    </>
  );
}
