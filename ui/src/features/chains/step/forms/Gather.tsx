import { MultiSelect, Select } from '@mantine/core';

import type { Aggregation } from '../../../../bindings/wire';
import { t } from '../../../../lib/words';
import { Kept } from '../../start/Kept';
import { earlier } from '../Common';
import type { FormProps } from './LogicForm';

const HOW: Aggregation[] = ['list', 'join', 'count', 'distinct', 'sum', 'least', 'greatest', 'first', 'last'];

/** Many values as one. */
export function AggregateForm({ chain, step, tools, logic, put }: FormProps<'aggregate'>) {
  return (
    <>
      <Select
        label={t('chains.logic.of')}
        value={logic.of || null}
        data={earlier(chain, step).map((own) => ({ value: own.id, label: tools.name(own) }))}
        onChange={(value) => value && put({ ...logic, of: value })}
        allowDeselect={false}
        searchable
      />
      <Select label={t('chains.logic.how')} value={logic.how} data={HOW.map((how) => ({ value: how, label: t(`chains.logic.hows.${how}`) }))} onChange={(value) => value && put({ ...logic, how: value as Aggregation })} allowDeselect={false} />
      {logic.how !== 'count' && <Kept label={t('chains.logic.ofPath')} description={t('chains.logic.ofPathHelp')} value={logic.path ?? ''} onKeep={(path) => put({ ...logic, path: path || null })} />}
      {logic.how === 'join' && <Kept label={t('chains.logic.between')} value={(logic.between ?? '').replaceAll('\n', '\\n')} onKeep={(between) => put({ ...logic, between: between === '' ? null : between.replaceAll('\\n', '\n') })} blank />}
    </>
  );
}

/** The ways of a branch as one again. */
export function JoinForm({ chain, step, tools, logic, put }: FormProps<'join'>) {
  return (
    <MultiSelect
      label={t('chains.logic.joins')}
      description={t('chains.logic.joinsHelp')}
      value={logic.of}
      data={earlier(chain, step).map((own) => ({ value: own.id, label: tools.name(own) }))}
      onChange={(of) => put({ ...logic, of })}
      searchable
    />
  );
}
