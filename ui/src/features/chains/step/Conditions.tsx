import { ActionIcon, Button, Select, TextInput } from '@mantine/core';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';

import type { JsonValue, Predicate, PredicateOperator } from '../../../bindings/wire';
import { t } from '../../../lib/words';

const OPERATORS: PredicateOperator[] = ['equals', 'not_equals', 'contains', 'in', 'matches', 'exists', 'absent'];

interface Props {
  label: string;
  conditions: Predicate[];
  /** A path that a new one begins with. */
  example: string;
  onChange: (conditions: Predicate[]) => void;
}

/** Conditions that all have to hold. */
export function Conditions({ label, conditions, example, onChange }: Props) {
  const put = (at: number, part: Partial<Predicate>) => onChange(conditions.map((own, index) => (index === at ? { ...own, ...part } : own)));
  return (
    <fieldset className="stack conditions">
      <legend>{label}</legend>
      {conditions.map((condition, at) => (
        <div key={at} className="row nowrap">
          <Text label={t('chains.when.path')} value={condition.path} onKeep={(path) => put(at, { path })} />
          <Select
            aria-label={t('chains.when.operator')}
            value={condition.operator ?? 'exists'}
            data={OPERATORS.map((operator) => ({ value: operator, label: t(`chains.when.${operator}`) }))}
            onChange={(value) => value && put(at, { operator: value as PredicateOperator })}
            allowDeselect={false}
          />
          {condition.operator !== 'exists' && condition.operator !== 'absent' && (
            <Text label={t('chains.when.value')} value={written(condition.value)} onKeep={(text) => put(at, { value: read(text) })} />
          )}
          <ActionIcon variant="subtle" color="gray" aria-label={t('chains.when.remove')} onClick={() => onChange(conditions.filter((_, index) => index !== at))}>
            <Trash2 size={14} />
          </ActionIcon>
        </div>
      ))}
      <div>
        <Button size="xs" leftSection={<Plus size={14} />} onClick={() => onChange([...conditions, { path: example, operator: 'equals', value: '' }])}>
          {t('chains.when.add')}
        </Button>
      </div>
    </fieldset>
  );
}

/** A number, yes, no or a list is what it looks like; everything else is text. */
export function read(text: string): JsonValue {
  const trimmed = text.trim();
  if (/^(-?\d+(\.\d+)?|true|false|\[.*\])$/.test(trimmed)) {
    try {
      return JSON.parse(trimmed) as JsonValue;
    } catch {
      return text;
    }
  }
  return text;
}

/** A value as it is typed. */
export function written(value: JsonValue | null | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function Text({ label, value, onKeep }: { label: string; value: string; onKeep: (value: string) => void }) {
  const [text, setText] = useState<string>();
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      value={text ?? value}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      onBlur={() => {
        if (text !== undefined && text !== value) onKeep(text);
        setText(undefined);
      }}
    />
  );
}
