import { ActionIcon, Button } from '@mantine/core';
import { Plus, Trash2 } from 'lucide-react';

import type { FieldMap } from '../../../../bindings/wire';
import { t } from '../../../../lib/words';
import { changeStep } from '../../document';
import { Kept } from '../../start/Kept';
import { read, written } from '../Conditions';
import type { FormProps } from './LogicForm';

/** A value of several fields, each with where it comes from. */
export function MapForm({ step, change }: FormProps<'map'>) {
  const maps = step.mapping ?? [];
  const set = (mapping: FieldMap[]) => change((chain) => changeStep(chain, step.id, (own) => ({ ...own, mapping })));
  const put = (at: number, part: Partial<FieldMap>) => set(maps.map((map, index) => (index === at ? { ...map, ...part, by: 'hand' } : map)));
  const taken = maps.map((map) => map.target);
  return (
    <fieldset className="stack conditions">
      <legend>{t('chains.logic.fields')}</legend>
      <p className="meta">{t('chains.logic.fieldsHelp')}</p>
      {maps.map((map, at) => (
        <div key={map.target} className="row nowrap">
          <Kept label={t('chains.logic.field')} value={map.target.replace(/^\//, '')} onKeep={(name) => name && !taken.includes(`/${name}`) && put(at, { target: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` })} />
          <Kept label={t('chains.logic.from')} value={shown(map.source)} onKeep={(text) => put(at, { source: sourceOf(text) })} />
          <ActionIcon variant="subtle" color="gray" aria-label={t('chains.logic.removeField', { name: map.target.replace(/^\//, '') })} onClick={() => set(maps.filter((_, index) => index !== at))}>
            <Trash2 size={14} />
          </ActionIcon>
        </div>
      ))}
      <div>
        <Button size="xs" leftSection={<Plus size={14} />} onClick={() => set([...maps, { target: free(taken), source: { type: 'template', template: step.forEach ? '{{item.title}}' : '{{input.title}}' }, by: 'hand' }])}>
          {t('chains.logic.addField')}
        </Button>
      </div>
    </fieldset>
  );
}

/** A path, a template, or a fixed value, as it is written. */
export function sourceOf(text: string): FieldMap['source'] {
  if (text.startsWith('$')) return { type: 'path', path: text };
  return text.includes('{{') ? { type: 'template', template: text } : { type: 'fixed', value: read(text) };
}

const shown = (source: FieldMap['source']): string => (source.type === 'path' ? source.path : source.type === 'template' ? source.template : written(source.value));

function free(taken: string[]): string {
  for (let n = taken.length + 1; ; n += 1) if (!taken.includes(`/field${n}`)) return `/field${n}`;
}
