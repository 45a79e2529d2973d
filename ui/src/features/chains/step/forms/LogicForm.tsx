import { NumberInput, Select, Switch } from '@mantine/core';

import type { Logic } from '../../../../bindings/wire';
import { useRead } from '../../../../engine';
import { t } from '../../../../lib/words';
import { changeStep } from '../../document';
import { Kept } from '../../start/Kept';
import { Conditions, read, written } from '../Conditions';
import type { StepProps } from '../StepPanel';
import { AggregateForm, JoinForm } from './Gather';
import { BranchForm } from './BranchForm';
import { DeliveryForm } from './DeliveryForm';
import { MapForm } from './MapForm';

/** What a form of one kind gets. */
export interface FormProps<T extends Logic['type']> extends Pick<StepProps, 'chain' | 'step' | 'tools' | 'change'> {
  logic: Logic & { type: T };
  put: (next: Logic) => void;
}

/** The form of a step that works by itself: one for each kind. */
export function LogicForm({ chain, step, tools, change }: StepProps) {
  const { logic } = step;
  if (!logic) return null;
  const put = (next: Logic) => change((c) => changeStep(c, step.id, (s) => ({ ...s, logic: next })));
  const more = { chain, step, tools, change, put };
  const example = step.forEach ? '$.item.title' : '$.input';
  switch (logic.type) {
    case 'filter':
      return <Conditions label={t('chains.logic.when')} conditions={logic.when} example={example} onChange={(when) => put({ ...logic, when })} />;
    case 'map':
      return <MapForm {...more} logic={logic} />;
    case 'split':
      return <Kept label={t('chains.logic.path')} description={t('chains.logic.pathHelp')} value={logic.path} onKeep={(path) => put({ ...logic, path })} />;
    case 'aggregate':
      return <AggregateForm {...more} logic={logic} />;
    case 'branch':
      return <BranchForm {...more} logic={logic} />;
    case 'join':
      return <JoinForm {...more} logic={logic} />;
    case 'wait':
      return <WaitForm {...more} logic={logic} />;
    case 'delivery':
      return <DeliveryForm {...more} logic={logic} />;
    case 'approval':
      return (
        <>
          <Kept label={t('chains.logic.question')} value={logic.question} onKeep={(question) => question && put({ ...logic, question })} />
          <NumberInput
            label={t('chains.logic.within')}
            description={t('chains.logic.withinHelp')}
            suffix={` ${t('chains.logic.hours')}`}
            min={0}
            decimalScale={1}
            value={logic.within ? logic.within / 3_600 : ''}
            onChange={(value) => put({ ...logic, within: typeof value === 'number' && value > 0 ? Math.round(value * 3_600) : null })}
          />
        </>
      );
    case 'chain':
      return <ChainForm {...more} logic={logic} />;
    case 'remember':
      return (
        <>
          <Kept label={t('chains.logic.key')} description={t('chains.logic.keyHelp')} value={logic.key} onKeep={(key) => key && put({ ...logic, key })} />
          <Kept label={t('chains.logic.value')} description={t('chains.logic.valueHelp', { example: '{{item.id}}' })} value={logic.value ?? ''} onKeep={(value) => put({ ...logic, value: value || null })} />
          <Shared logic={logic} put={put} />
        </>
      );
    case 'recall':
      return (
        <>
          <Kept label={t('chains.logic.key')} value={logic.key} onKeep={(key) => key && put({ ...logic, key })} />
          <Otherwise logic={logic} put={put} />
          <Shared logic={logic} put={put} />
        </>
      );
    case 'lookup':
      return (
        <>
          <Kept label={t('chains.logic.table')} value={logic.table} onKeep={(table) => put({ ...logic, table })} />
          <Kept label={t('chains.logic.row')} description={t('chains.logic.template', { example: '{{item.id}}' })} value={logic.key} onKeep={(key) => put({ ...logic, key })} />
          <Otherwise logic={logic} put={put} />
        </>
      );
    case 'link':
    case 'linked':
      return (
        <>
          <Kept label={t('chains.logic.linkName')} description={t('chains.logic.linkNameHelp')} value={logic.name} onKeep={(name) => name && put({ ...logic, name })} />
          <Kept label={t('chains.logic.source')} description={t('chains.logic.template', { example: '{{item.id}}' })} value={logic.source} onKeep={(source) => put({ ...logic, source })} />
          {logic.type === 'link' && <Kept label={t('chains.logic.target')} description={t('chains.logic.template', { example: '{{item.id}}' })} value={logic.target} onKeep={(target) => put({ ...logic, target })} />}
        </>
      );
  }
}

function WaitForm({ logic, put }: FormProps<'wait'>) {
  const until = logic.until !== undefined && logic.until !== null;
  return (
    <>
      <Select
        label={t('chains.logic.waits')}
        value={until ? 'until' : 'for'}
        data={[
          { value: 'for', label: t('chains.logic.waitFor') },
          { value: 'until', label: t('chains.logic.waitUntil') },
        ]}
        onChange={(value) => put(value === 'until' ? { type: 'wait', until: '{{item.due}}' } : { type: 'wait', seconds: 60 })}
        allowDeselect={false}
      />
      {until ? (
        <Kept label={t('chains.logic.until')} description={t('chains.logic.untilHelp', { example: '{{item.due}}' })} value={logic.until ?? ''} onKeep={(value) => value && put({ ...logic, until: value })} />
      ) : (
        <NumberInput label={t('chains.logic.wait')} suffix={` ${t('chains.settings.seconds')}`} min={0} value={logic.seconds ?? 0} onChange={(value) => typeof value === 'number' && put({ ...logic, seconds: value })} />
      )}
    </>
  );
}

function ChainForm({ chain, logic, put }: FormProps<'chain'>) {
  const chains = useRead('chain_list', {});
  return (
    <Select
      label={t('chains.logic.chain')}
      value={logic.chain || null}
      data={(chains.data?.chains ?? []).map((other) => other.name).filter((other) => other !== chain.name)}
      onChange={(value) => value && put({ ...logic, chain: value })}
      allowDeselect={false}
      searchable
    />
  );
}

function Shared<T extends Logic & { type: 'remember' | 'recall' }>({ logic, put }: { logic: T; put: (next: T) => void }) {
  return <Switch label={t('chains.logic.shared')} description={t('chains.logic.sharedHelp')} checked={logic.shared ?? false} onChange={(event) => put({ ...logic, shared: event.currentTarget.checked })} />;
}

function Otherwise<T extends Logic & { type: 'recall' | 'lookup' }>({ logic, put }: { logic: T; put: (next: T) => void }) {
  return <Kept label={t('chains.logic.otherwise')} description={t('chains.logic.otherwiseHelp')} value={written(logic.otherwise)} onKeep={(text) => put({ ...logic, otherwise: text === '' ? null : read(text) })} />;
}
