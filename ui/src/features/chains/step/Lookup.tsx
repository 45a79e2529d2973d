import { ActionIcon, Autocomplete, Button, TextInput } from '@mantine/core';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';

import type { JsonValue, TargetField } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { asText, fromText } from './fromText';

interface Row {
  from: string;
  to: string;
}

interface Props {
  /** What a value is, and what it becomes. */
  table: Record<string, JsonValue>;
  /** What stands for every other value; nothing where undefined. */
  otherwise: JsonValue | undefined;
  /** The field that the value goes to. */
  field: TargetField;
  /** Called with the table, and with what stands for every other value where there is such. */
  onChange: (told: JsonValue[]) => void;
}

/** A small table of what a value becomes, row by row. */
export function Lookup({ table, otherwise, field, onChange }: Props) {
  // Rows are unfinished while somebody types: the same value twice, or none yet, cannot stand in the table.
  const [rows, setRows] = useState<Row[]>(() => {
    const known = Object.entries(table).map(([from, to]) => ({ from, to: asText(to) }));
    return known.length > 0 ? known : [{ from: '', to: '' }];
  });
  const rest = otherwise === undefined ? '' : asText(otherwise);
  const tell = (next: Row[], other: string) => {
    setRows(next);
    const kept = Object.fromEntries(next.filter((row) => row.from !== '').map((row) => [row.from, plain(row.to, field.kind)]));
    onChange(other === '' ? [kept] : [kept, plain(other, field.kind)]);
  };
  const put = (at: number, part: Partial<Row>) => tell(rows.map((row, index) => (index === at ? { ...row, ...part } : row)), rest);
  const choices = field.choices.map(asText);
  return (
    <fieldset className="stack conditions whole">
      <legend>{t('chains.map.table')}</legend>
      {rows.map((row, at) => (
        // Rows have no other name than their place.
        <div key={at} className="row nowrap">
          <TextInput label={t('chains.map.tableFrom')} value={row.from} onChange={(event) => put(at, { from: event.currentTarget.value })} />
          <Autocomplete label={t('chains.map.tableTo')} data={choices} value={row.to} onChange={(to) => put(at, { to })} />
          <ActionIcon variant="subtle" color="gray" aria-label={t('chains.map.tableRemove', { n: at + 1 })} onClick={() => tell(rows.filter((_, index) => index !== at), rest)}>
            <Trash2 size={14} />
          </ActionIcon>
        </div>
      ))}
      <div>
        <Button size="xs" leftSection={<Plus size={14} />} onClick={() => setRows([...rows, { from: '', to: '' }])}>
          {t('chains.map.tableAdd')}
        </Button>
      </div>
      <Autocomplete label={t('chains.map.tableRest')} description={t('chains.map.tableRestHelp')} data={choices} value={rest} onChange={(other) => tell(rows, other)} />
    </fieldset>
  );
}

/** As the field's type where that is a single value: a table holds no others. */
function plain(text: string, kind: string): JsonValue {
  const value = fromText(text, kind);
  return typeof value === 'object' ? text : value;
}
