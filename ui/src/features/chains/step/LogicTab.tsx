import { NumberInput, Select, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { Logic, Step } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import { t } from '../../../lib/words';
import { changeStep, runOnce } from '../document';
import { Kept } from '../start/TriggerForm';
import { Conditions } from './Conditions';
import type { StepProps } from './StepPanel';

/** What a step does by itself: a form for what is common, the document itself for the rest. */
export function LogicTab({ chain, step, tools, change }: StepProps) {
  const chains = useRead('chain_list', {}, { enabled: step.logic?.type === 'chain' });
  const set = (update: (step: Step) => Step) => change((c) => changeStep(c, step.id, update));
  const logic = step.logic;
  const at = chain.steps.findIndex((s) => s.id === step.id);
  const lists = chain.steps.slice(0, at).filter((s) => tools.of(s).operation?.items ?? s.logic?.type === 'split');
  const [name, setName] = useState(step.name ?? '');
  if (!logic) return null;
  const put = (next: Logic) => set((s) => ({ ...s, logic: next }));
  const example = step.forEach ? '$.item.title' : '$.input';
  return (
    <div className="stack tab-note">
      <p className="meta">{t(`chains.logic.about.${logic.type}`)}</p>
      <TextInput
        label={t('chains.settings.name')}
        placeholder={tools.name({ ...step, name: null })}
        value={name}
        maxLength={80}
        onChange={(event) => setName(event.currentTarget.value)}
        onBlur={() => (name.trim() || null) !== (step.name ?? null) && set((s) => ({ ...s, name: name.trim() || null }))}
      />
      {lists.length > 0 && (
        <Select
          label={t('chains.settings.forEach')}
          value={step.forEach ?? 'once'}
          data={[{ value: 'once', label: t('chains.settings.once') }, ...lists.map((s) => ({ value: s.id, label: t('chains.settings.each', { name: tools.name(s) }) }))]}
          onChange={(value) => set((s) => (value && value !== 'once' ? { ...s, forEach: value } : runOnce(s)))}
          allowDeselect={false}
        />
      )}
      {logic.type === 'filter' && <Conditions label={t('chains.logic.when')} conditions={logic.when} example={example} onChange={(when) => put({ ...logic, when })} />}
      {logic.type === 'split' && <Kept label={t('chains.logic.path')} value={logic.path} onKeep={(path) => put({ ...logic, path })} />}
      {logic.type === 'wait' && (
        <NumberInput label={t('chains.logic.wait')} suffix={` ${t('chains.settings.seconds')}`} min={0} value={logic.seconds ?? 0} onChange={(value) => typeof value === 'number' && put({ ...logic, seconds: value })} />
      )}
      {logic.type === 'approval' && <Kept label={t('chains.logic.question')} value={logic.question} onKeep={(question) => put({ ...logic, question })} />}
      {logic.type === 'chain' && (
        <Select
          label={t('chains.logic.chain')}
          value={logic.chain || null}
          data={(chains.data?.chains ?? []).map((other) => other.name).filter((other) => other !== chain.name)}
          onChange={(value) => value && put({ ...logic, chain: value })}
          allowDeselect={false}
          searchable
        />
      )}
      <Document
        key={JSON.stringify([logic, step.on, step.handles])}
        value={{ logic, on: step.on ?? null, handles: step.handles ?? null }}
        onKeep={(next) => set((s) => ({ ...s, ...next }))}
      />
    </div>
  );
}

interface Part {
  logic: Logic;
  on: Step['on'];
  handles: Step['handles'];
}

/** The part of the document, to be written by hand. The engine says what of it cannot be used. */
function Document({ value, onKeep }: { value: Part; onKeep: (value: Part) => void }) {
  const written = JSON.stringify(value, null, 2);
  const [text, setText] = useState(written);
  const [wrong, setWrong] = useState<string>();
  return (
    <Textarea
      label={t('chains.logic.document')}
      description={t('chains.logic.documentHelp')}
      classNames={{ input: 'mono' }}
      autosize
      minRows={4}
      maxRows={16}
      spellCheck={false}
      error={wrong}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => {
        if (text === written) return;
        try {
          onKeep(JSON.parse(text) as Part);
          setWrong(undefined);
        } catch {
          setWrong(t('chains.logic.notJson'));
        }
      }}
    />
  );
}
